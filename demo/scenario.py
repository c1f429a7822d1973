"""The requests that the page sends, and the expected result of each.

The page and `--check` use the same list. The expected results are written here instead of being computed by the
policy, because the policy is what the demo tests.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

Credentials = Literal["omit", "include"]
Verdict = Literal["readable", "blocked"]

# The documented list contains this origin, so the page has to use its port.
PAGE_PORT: Final = 8080
ALLOWED_ORIGIN: Final = f"http://localhost:{PAGE_PORT}"
REFUSED_ORIGIN: Final = f"http://127.0.0.1:{PAGE_PORT}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoRequest:
    """One request of the page, with the options of `fetch()`."""

    name: str
    method: str
    credentials: Credentials = "omit"
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: str | None = None
    unsafe_names: tuple[str, ...] = ()
    """The CORS-unsafe request-header names, which cause a preflight."""

    @property
    def key(self) -> str:
        """The identifier of this request in the page and in the check."""
        return f"{self.method.lower()}-{self.credentials}"

    def to_json(self) -> dict[str, Any]:
        """Return what the page needs to send this request."""
        return {
            "key": self.key,
            "name": self.name,
            "method": self.method,
            "credentials": self.credentials,
            "headers": self.headers,
            "body": self.body,
            "unsafeNames": self.unsafe_names,
        }


_WITHOUT_CREDENTIALS = (
    DemoRequest(name="GET", method="GET"),
    DemoRequest(
        name="POST with JSON",
        method="POST",
        headers={"Content-Type": "application/json"},
        body='{"greeting": "hello"}',
        unsafe_names=("content-type",),
    ),
    DemoRequest(
        name="PUT with a custom header",
        method="PUT",
        headers={"Content-Type": "application/json", "X-Demo": "hello"},
        body='{"greeting": "hello again"}',
        unsafe_names=("content-type", "x-demo"),
    ),
)

REQUESTS: Final[tuple[DemoRequest, ...]] = tuple(
    variant for request in _WITHOUT_CREDENTIALS for variant in (request, replace(request, credentials="include"))
)


def expected_verdict(origin: str) -> Verdict:
    """Return the expected result of every request of a page of this origin."""
    return "readable" if origin == ALLOWED_ORIGIN else "blocked"
