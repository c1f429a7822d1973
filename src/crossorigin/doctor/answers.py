"""Hold what is known of an answer when the app is asked in process."""

from dataclasses import dataclass

from crossorigin.browser import HttpResponse


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(HttpResponse):
    """Hold a response, and what the policy of a route stands on that decided it."""

    policy_of: str


def policy_of(response: HttpResponse | None) -> str | None:
    """Return what the policy of a route stands on that decided a response; None if none is known."""
    return response.policy_of if isinstance(response, Answer) else None
