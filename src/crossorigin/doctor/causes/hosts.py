"""The cause if a server does not serve the host of a URL. Pure."""

from urllib.parse import urlsplit

from crossorigin.browser import HttpResponse
from crossorigin.doctor.causes.cause import Cause, CauseCode
from crossorigin.doctor.evidence import Situation
from crossorigin.doctor.layers import AppFacts
from crossorigin.doctor.wording import cut

_TRUSTED_HOSTS, _ALLOWED_HOSTS = "allowed_hosts of TrustedHostMiddleware", "ALLOWED_HOSTS in settings.py"
# The length and the type of the bodies with which they refuse a host.
_REFUSED_HOST = (
    ((b"19", b"text/plain; charset=utf-8"), _TRUSTED_HOSTS),
    ((b"143", b"text/html; charset=utf-8"), _ALLOWED_HOSTS),
)


def host_cause(situation: Situation) -> Cause | None:
    """Return the cause if the server does not serve the host of the URL, as TrustedHostMiddleware and Django say."""
    response, app = situation.response, situation.recognized.app
    # Neither looks at the port.
    host = urlsplit(situation.verdict.url).hostname or ""
    if response is None or response.status != 400:
        return None
    setting = _setting_of_hosts(response)
    if app is not None:
        setting = None if app.hosts is None or _serves(app.hosts, host) else _setting_of(app)
    if setting is None:
        return None
    text = f"The server answers 400 because it does not serve the host {host}: {setting} does not list it."
    fix = f"Add {host} to {setting}, if it is right."
    if app is not None:
        served = next(
            (name.removeprefix("*").lstrip(".") for name in app.hosts or () if name != "*"), "api.example.com"
        )
        url = urlsplit(situation.verdict.url)._replace(netloc=served or "api.example.com").geturl()
        fix = f"Name a URL that the app serves after its name: crossorigin check {app.module}:{app.name} {cut(url)}"
    return Cause(code=CauseCode.UNKNOWN_HOST, text=text, fix=fix)


def _setting_of_hosts(response: HttpResponse) -> str | None:
    """Return what refused the host, by the answer."""
    said = (*response.lines("Content-Length"), *response.lines("Content-Type"))
    return next((setting for sign, setting in _REFUSED_HOST if sign == said), None)


def _setting_of(app: AppFacts) -> str:
    return _ALLOWED_HOSTS if app.framework == "django" else _TRUSTED_HOSTS


def _serves(hosts: tuple[str, ...], host: str) -> bool:
    """Return whether a list of hosts has a host. A dot (Django) or "*." (Starlette) at the start means subdomains."""
    return any(
        listed in {"*", host} or (listed.startswith((".", "*.")) and f".{host}".endswith(listed.removeprefix("*")))
        for listed in map(str.lower, hosts)
    )
