"""What the page sends, and what is expected of each request.

One list for everybody: the page fetches it, `--check` compares with it. The expectation is
written down here and not asked of the policy, which is what is being shown and tested.
"""

from dataclasses import dataclass, field, replace
from typing import Any, Final, Literal

Credentials = Literal["omit", "include"]
Verdict = Literal["readable", "blocked"]

# The documented list names this origin, port included: that fixes the port of the page.
PAGE_PORT: Final = 8080
ALLOWED_ORIGIN: Final = f"http://localhost:{PAGE_PORT}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoRequest:
    """One request of the page, in the words of `fetch()`."""

    name: str
    method: str
    credentials: Credentials = "omit"
    headers: dict[str, str] = field(default_factory=dict[str, str])
    body: str | None = None
    unsafe_names: tuple[str, ...] = ()
    """The CORS-unsafe request-header names, for which the browser asks first."""

    @property
    def key(self) -> str:
        """Return the name under which the page and the check know this request."""
        return f"{self.method.lower()}-{self.credentials}"

    def to_json(self) -> dict[str, Any]:
        """Return what the page needs to send it."""
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
        name="POST of JSON",
        method="POST",
        headers={"Content-Type": "application/json"},
        body='{"greeting": "hello"}',
        unsafe_names=("content-type",),
    ),
    DemoRequest(
        name="PUT with a header of its own",
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
    """Return what the documented policy promises a page of this origin, for every request."""
    return "readable" if origin == ALLOWED_ORIGIN else "blocked"
