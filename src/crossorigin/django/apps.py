"""The app config, which Django finds by `"crossorigin.django"` in `INSTALLED_APPS`."""

from django.apps import AppConfig
from django.core.checks import Tags, register


class CrossOriginConfig(AppConfig):
    """The app whose system checks `manage.py check` and `runserver` run."""

    name = "crossorigin.django"
    # The last part of the name would be "django".
    label = "crossorigin"
    verbose_name = "CORS"

    def ready(self) -> None:
        """Register the system checks."""
        from crossorigin.adapters.django.checks import check_cors

        register(check_cors, Tags.security)
