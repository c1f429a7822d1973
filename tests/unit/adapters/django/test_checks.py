"""The system checks: their ids, and what their messages name."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import CheckMessage, registry
from django.http import HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from django.test import RequestFactory

from crossorigin import Policy
from crossorigin.adapters.django.checks import check_cors
from tests.cases.django_project import OURS
from tests.unit.adapters.django.pages import ORIGIN, serving

CSRF = "django.middleware.csrf.CsrfViewMiddleware"


def found(**overridden: Any) -> list[CheckMessage]:
    """Return the messages about these settings."""
    with serving(**overridden):
        return check_cors()


def ids(**overridden: Any) -> list[str]:
    """Return the ids of the messages, without the prefix that they share."""
    return [str(message.id).removeprefix("crossorigin.") for message in found(**overridden)]


def test_a_right_project_has_no_message() -> None:
    """And the app config registers the check."""
    assert found() == []
    with serving(INSTALLED_APPS=["crossorigin.django"]):
        assert check_cors in registry.registry.get_checks()


def test_every_issue_of_the_policy_is_a_message() -> None:
    """All at once, errors and warnings, with the fix as the hint."""
    messages = found(CORS_ALLOWED_ORIGINS=["https://a.example/", "b"], CORS_ALLOW_METHODS="GET")
    assert [message.id for message in messages] == [
        "crossorigin.origin-trailing-slash",
        "crossorigin.origin-missing-scheme",
        "crossorigin.bare-string",
    ]
    assert all(message.is_serious() for message in messages)
    assert messages[0].msg.startswith("CORS_ALLOWED_ORIGINS[0] = 'https://a.example/': It ends with a slash.")
    assert messages[0].hint == '"https://a.example"'
    (warning,) = found(CORS_ALLOWED_ORIGINS=["http://a.example"], CORS_ALLOW_CREDENTIALS=True)
    assert (warning.id, warning.is_serious()) == ("crossorigin.insecure-origin-with-credentials", False)


def test_a_missing_or_repeated_middleware_is_an_error() -> None:
    """A subclass counts, and what cannot be imported is reported by Django."""
    assert ids(MIDDLEWARE=["nothing.there", CSRF]) == ["middleware-missing"]
    assert ids(MIDDLEWARE=[OURS, OURS]) == ["middleware-repeated"]
    assert ids(MIDDLEWARE=[f"{__name__}.Own"]) == []


class Own:
    """Replaced below, because the module of the middleware needs settings."""


def _subclass() -> type:
    from crossorigin.django import CORSMiddleware

    class Subclass(CORSMiddleware):
        pass

    return Subclass


globals()["Own"] = _subclass()


def test_middleware_outside_is_named() -> None:
    """With what it answers, if that is known."""
    white_noise = "whitenoise.middleware.WhiteNoiseMiddleware"
    (message,) = found(MIDDLEWARE=["django.middleware.gzip.GZipMiddleware", white_noise, OURS])
    assert message.id == "crossorigin.middleware-not-first"
    assert f"django.middleware.gzip.GZipMiddleware, {white_noise} (its static files)." in message.msg
    (message,) = found(MIDDLEWARE=[*[f"a.m{index}" for index in range(7)], OURS])
    assert "a.m4, and 2 more." in message.msg


def test_django_cors_headers_is_named() -> None:
    """Using the middleware of django-cors-headers together with ours is an error of a migration."""
    theirs = "corsheaders.middleware.CorsMiddleware"
    assert ids(MIDDLEWARE=[OURS, theirs]) == ids(MIDDLEWARE=[theirs, OURS]) == ["other-cors-middleware"]


@pytest.mark.parametrize(
    ("trusted", "missing"),
    [
        ([], ["https://app.example.com", "https://*.preview.example.com", "http://app.example.com:8080"]),
        (["https://app.example.com"], ["https://*.preview.example.com", "http://app.example.com:8080"]),
        (["https://*.example.com"], ["http://app.example.com:8080"]),
        (["https://*.example.com", "http://app.example.com:8080"], []),
    ],
)
def test_origins_that_the_csrf_protection_refuses_are_named(trusted: list[str], missing: list[str]) -> None:
    """Only with credentials and the middleware, and never for what is not http or https."""
    origins = ["https://app.example.com", "https://*.preview.example.com", "http://app.example.com:8080", "app://a"]
    settings: dict[str, Any] = {
        "CORS_POLICY": _quiet(origins),
        "MIDDLEWARE": [OURS, CSRF],
        "CSRF_TRUSTED_ORIGINS": trusted,
    }
    listed = ", ".join(f'"{origin}"' for origin in missing)
    assert [f"403: {listed}." in message.msg for message in found(**settings)] == ([True] if missing else [])
    assert ids(**{**settings, "MIDDLEWARE": [OURS]}) == []
    assert ids(MIDDLEWARE=[OURS, CSRF]) == []


def test_origins_are_trusted_as_by_django() -> None:
    """A wildcard includes the host after it, as Django itself says. There is none for ports."""
    origins = ["https://example.com", "https://a.example.com", "http://localhost:*", "https://example.org"]
    trusted = ["https://*.example.com", "http://localhost:*"]
    factory = RequestFactory()
    with serving(CORS_POLICY=_quiet(origins), MIDDLEWARE=[OURS, CSRF], CSRF_TRUSTED_ORIGINS=trusted):
        (message,) = check_cors()
        django = CsrfViewMiddleware(lambda _: HttpResponse(""))
        refused = [
            origin
            for origin in origins
            if not django._origin_verified(factory.post("/", headers={"Origin": origin.replace("*", "3000")}))
        ]
    listed = ", ".join(f'"{origin}"' for origin in refused)
    assert f"403: {listed}." in message.msg
    assert refused == ["http://localhost:*", "https://example.org"]
    assert "CSRF_TRUSTED_ORIGINS, which has no wildcard for ports: list each port. Otherwise" in str(message.hint)


def _quiet(origins: list[str]) -> Policy:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return Policy(allow_origins=origins, allow_credentials=True)


def test_many_origins_are_not_all_listed() -> None:
    """Nobody reads more than a few."""
    origins = [f"https://{index}.example" for index in range(7)]
    (message,) = found(
        CORS_ALLOWED_ORIGINS=origins, CORS_ALLOW_CREDENTIALS=True, MIDDLEWARE=[OURS, CSRF], CSRF_TRUSTED_ORIGINS=[]
    )
    assert 'https://4.example", and 2 more.' in message.msg


def test_the_other_checks() -> None:
    """Static files of runserver, old names, no origins, and debugging in production."""
    assert ids(DEBUG=True, INSTALLED_APPS=["django.contrib.staticfiles"]) == ["static-files"]
    assert ids(DEBUG=False, INSTALLED_APPS=["django.contrib.staticfiles"]) == []
    assert ids(CORS_POLICY=None) == ["no-origins"]
    assert ids(CORS_POLICY=None, CORS_ORIGIN_WHITELIST=[ORIGIN]) == ["old-setting-name"]
    assert ids(CORS_DEBUG=True) == ["debug-in-production"]
    assert ids(CORS_DEBUG=True, DEBUG=True) == []


def test_manage_py_check_fails_for_a_wrong_policy(tmp_path: Path) -> None:
    """As users run it, with the app in INSTALLED_APPS."""
    (tmp_path / "wrong_settings.py").write_text(
        """
SECRET_KEY = "secret"
INSTALLED_APPS = ["crossorigin.django"]
MIDDLEWARE = ["crossorigin.django.CORSMiddleware"]
CORS_ALLOWED_ORIGINS = ["https://app.example.com/"]
""",
        "utf-8",
    )
    command = [sys.executable, "-m", "django", "check", "--settings=wrong_settings", f"--pythonpath={tmp_path}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 1
    assert "(crossorigin.origin-trailing-slash) CORS_ALLOWED_ORIGINS[0] = 'https://app.example.com/'" in done.stderr
    assert 'HINT: "https://app.example.com"' in done.stderr
