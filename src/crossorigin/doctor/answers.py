"""What is known of an answer if the app was asked in process."""

from dataclasses import dataclass

from crossorigin.browser import HttpResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(HttpResponse):
    """A response, and the name of the route, router or app whose own policy decided it."""

    policy_of: str


def policy_of(response: HttpResponse | None) -> str | None:
    """Return the name of the route, router or app whose own policy decided a response, or None if none is known."""
    return response.policy_of if isinstance(response, Answer) else None
