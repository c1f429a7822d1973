"""A URLconf without views."""

urlpatterns: list[object] = []
