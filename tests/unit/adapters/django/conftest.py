"""The settings of Django, which some modules of Django REST Framework read when they are imported."""

from tests.cases.django_project import configure

configure()
