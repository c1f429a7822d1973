"""The settings of a Django project as many are: sessions, CSRF, GZip, cache, conditional GET, WhiteNoise and DRF."""

from pathlib import Path

ORIGIN = "https://app.example.com"
FOLDER = Path(__file__).parent

SECRET_KEY = "only for the tests"  # noqa: S105  # nothing is signed with it but the cookies of the tests
ALLOWED_HOSTS = ["*"]
ROOT_URLCONF = "tests.real.django.urls"
INSTALLED_APPS = ["crossorigin.django", "django.contrib.staticfiles", "django.contrib.sessions", "rest_framework"]
MIDDLEWARE = [
    "crossorigin.django.CORSMiddleware",
    "django.middleware.cache.UpdateCacheMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.http.ConditionalGetMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "tests.real.django.urls.authenticate",
    "django.middleware.cache.FetchFromCacheMiddleware",
]
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
SESSION_ENGINE = "django.contrib.sessions.backends.signed_cookies"
STATIC_URL = "/static/"
STATIC_ROOT = FOLDER / "static"
STATICFILES_DIRS: list[str] = []
USE_TZ = True
REST_FRAMEWORK = {
    "UNAUTHENTICATED_USER": None,
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}

CORS_ALLOWED_ORIGINS = [ORIGIN]
CORS_ALLOW_CREDENTIALS = True
CSRF_TRUSTED_ORIGINS = [ORIGIN]
