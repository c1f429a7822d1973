"""The settings with DEBUG on, under which the static files of the folder are found without collecting them."""

from tests.real.django.base_settings import *  # noqa: F403  # settings are made so
from tests.real.django.base_settings import FOLDER

DEBUG = True
STATIC_ROOT = None
STATICFILES_DIRS = [FOLDER / "static"]
