"""The WSGI and the ASGI app with these settings."""

import os

from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.real.django.production_settings"
wsgi = get_wsgi_application()
asgi = get_asgi_application()
