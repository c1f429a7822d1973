"""The settings with DEBUG off, under which WhiteNoise serves the static files."""

from tests.real.django.base_settings import *  # noqa: F403  # settings are made so

DEBUG = False
