"""Hypothesis strategies for origins, policies and requests of pages.

Every drawn value is valid: an origin that a browser sends, a policy without errors, a request that a page can make.
Arguments bring the values closer to those of your app.
"""

import warnings
from collections.abc import Sequence

try:
    from hypothesis import strategies as st
except ModuleNotFoundError as error:
    raise ModuleNotFoundError("crossorigin.testing.strategies needs Hypothesis: pip install hypothesis") from error

from crossorigin.browser.request import BrowserRequest, Credentials
from crossorigin.fetch.methods import CORS_SAFELISTED_METHODS, STANDARD_METHODS
from crossorigin.policy.errors import CrossOriginWarning
from crossorigin.policy.policy import Policy

__all__ = ["origins", "policies", "requests"]

# Labels without two consecutive hyphens, which are reserved for Punycode.
_LABEL = st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,4})?", fullmatch=True)
_SCHEMES = st.sampled_from(["https", "https", "http"])
_CREDENTIALS: Sequence[Credentials] = ("omit", "same-origin", "include")
_TOKEN = st.from_regex(r"[A-Za-z][A-Za-z0-9-]{0,15}", fullmatch=True)
# These names are neither forbidden nor safelisted.
_NAME = _TOKEN.map(lambda token: f"X-{token}")
_VALUE = st.from_regex(r"[!-~]([ -~]{0,20}[!-~])?", fullmatch=True)
_HEADERS = [("Accept", "application/json"), ("Content-Language", "de"), ("Authorization", "Bearer token")]


def origins(*, near: Sequence[str] = ()) -> st.SearchStrategy[str]:
    """Draw origins as browsers serialize them, including those in `near` and origins that look similar."""
    host = st.lists(_LABEL, min_size=2, max_size=4).map(".".join)
    port = st.one_of(st.just(""), st.integers(1024, 65535).map(lambda number: f":{number}"))
    drawn = st.builds("{}://{}{}".format, _SCHEMES, host, port)
    if not near:
        return drawn
    neighbors = [neighbor for origin in near for neighbor in _neighbors(origin)]
    return st.one_of(drawn, st.sampled_from(near), st.sampled_from(neighbors))


def _neighbors(origin: str) -> list[str]:
    scheme, _, rest = origin.partition("://")
    host, colon, port = rest.partition(":")
    elsewhere = ":8443" if port != "8443" else ""
    swapped = "http" if scheme == "https" else "https"
    return [
        f"{scheme}://{host}.evil.example{colon}{port}",
        f"{scheme}://evil{host}{colon}{port}",
        f"{scheme}://evil.{host}{colon}{port}",
        f"{scheme}://{host}{elsewhere}",
        f"{swapped}://{host}:8444",
    ]


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Draw valid policies: with exact origins, patterns or any origin, and with or without credentials."""
    listed = draw(st.lists(origins(), max_size=3))
    patterns = [f"{scheme}://*.{host}" for scheme, _, host in (origin.partition("://") for origin in listed)]
    chosen = draw(st.sampled_from([["*"], listed, patterns, [*listed, *patterns]]))
    options = {
        "allow_origins": chosen,
        # Credentials are not combined with patterns because a pattern for a public suffix would be an error.
        "allow_credentials": chosen == listed and draw(st.booleans()),
        "allow_methods": draw(st.one_of(st.just(["*"]), st.lists(st.sampled_from(STANDARD_METHODS), unique=True))),
        "allow_headers": draw(st.one_of(st.just(["*"]), st.lists(_NAME, max_size=3))),
        "expose_headers": draw(st.lists(_NAME, max_size=3)),
        "max_age": draw(st.sampled_from([None, 0, 600, 86400])),
    }
    with warnings.catch_warnings():
        # Policies with duplicate names, or with http origins and credentials, cause warnings but are valid.
        warnings.simplefilter("ignore", CrossOriginWarning)
        return Policy.from_dict(options)


@st.composite
def requests(draw: st.DrawFn, *, url: str, origin: str | None = None) -> BrowserRequest:
    """Draw CORS requests for `url` by a page of `origin`, or by pages of any origin."""
    method = draw(st.sampled_from([*STANDARD_METHODS, *map(str.lower, STANDARD_METHODS), "REPORT"]))
    headers = draw(st.lists(st.one_of(st.sampled_from(_HEADERS), st.tuples(_NAME, _VALUE)), max_size=4))
    has_body = method.upper() not in CORS_SAFELISTED_METHODS - {"POST"}
    content_types = [None, "application/json", "text/plain;charset=UTF-8"] if has_body else [None]
    return BrowserRequest(
        url=url,
        origin=draw(origins()) if origin is None else origin,
        method=method,
        headers=tuple(headers),
        credentials=draw(st.sampled_from(_CREDENTIALS)),
        content_type=draw(st.sampled_from(content_types)),
    )
