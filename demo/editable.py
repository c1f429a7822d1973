"""The API of the demo with a policy and live origins that the page can edit.

Live origins cannot be combined with `"*"` or `constant_allow_origin`, and both are worth trying. The API therefore
exists twice, with and without `origins=`. The second one answers while the list of live origins is empty.
"""

import json
import warnings
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, cast

from starlette.applications import Starlette
from starlette.middleware import Middleware

from crossorigin import CORSMiddleware, CrossOriginWarning, Explanation, LiveOrigins, LivePolicy, Policy, PolicyIssue
from crossorigin.starlette import explain
from demo.recorder import App, Message, Receive, Send

Json = dict[str, Any]
CreateApi = Callable[[LivePolicy, LiveOrigins | None], App]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Variant:
    """The API with one policy, and with or without live origins."""

    policy: LivePolicy
    app: App
    explained: Starlette


class EditableApi:
    """An ASGI app that serves the documented policy until the page edits it."""

    def __init__(self, create: CreateApi, documented: Policy) -> None:
        """Create the API for the documented policy with `create`, which is the function of a framework's module."""
        self._documented = documented
        self._origins = LiveOrigins()
        self._with_origins = _variant(create, documented, self._origins)
        self._without_origins = _variant(create, documented, None)
        self._revision = 0

    @property
    def apps(self) -> tuple[App, ...]:
        """The apps whose lifespan the server has to run."""
        return self._with_origins.app, self._without_origins.app

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request with the policy that applies now."""
        await self._current.app(scope, receive, send)

    def edit(self, options: Mapping[str, object]) -> list[Json]:
        """Use a policy with these options from the next request on, and return its warnings.

        Raises:
            InvalidPolicyError: The policy is invalid, or it cannot be combined with the live origins. Nothing has
                changed then.
        """
        with _recorded_warnings() as found:
            policy = Policy.from_dict(options)
            if self._has_origins:
                self._with_origins.policy.replace(policy)
            self._without_origins.policy.replace(policy)
        self._revision += 1
        return found

    def add_origin(self, origin: str) -> None:
        """Add a live origin.

        Raises:
            InvalidPolicyError: The origin is invalid, or the policy cannot be combined with live origins. Nothing has
                changed then.
        """
        # The warnings of this policy have been shown when it was edited.
        with _recorded_warnings():
            self._with_origins.policy.replace(self._policy)
        self._origins.add(origin)
        self._revision += 1

    def remove_origin(self, origin: str) -> None:
        """Remove a live origin.

        Raises:
            InvalidPolicyError: The origin is invalid.
        """
        self._origins.remove(origin)
        self._revision += 1

    def reset(self) -> None:
        """Use the documented policy again, without live origins."""
        with _recorded_warnings():
            self._without_origins.policy.replace(self._documented)
        self._origins.replace([])
        self._revision += 1

    async def show_explanation(self, method: str, origin: str, request_headers: Iterable[str]) -> Json:
        """Explain the decision on a page's request."""
        return explanation_to_json(explain(self._current.explained, method, "/", origin, request_headers))

    def state(self) -> Json:
        """Return what applies now, as JSON."""
        policy = self._policy
        return {
            "revision": self._revision,
            "edited": policy != self._documented or self._has_origins,
            "options": policy.to_dict(),
            "documented": self._documented.to_dict(),
            "origins": list(self._origins),
            "code": code_of(policy, self._origins),
        }

    async def show_state(self) -> Json:
        """Return the same as `state`."""
        return self.state()

    @property
    def _has_origins(self) -> bool:
        return len(self._origins) > 0

    @property
    def _policy(self) -> Policy:
        # The API without live origins can use any policy, so it always has the latest one.
        return self._without_origins.policy.current

    @property
    def _current(self) -> _Variant:
        return self._with_origins if self._has_origins else self._without_origins


def explanation_to_json(explanation: Explanation) -> Json:
    """Return what the page shows of an explanation."""
    return {"originAllowed": explanation.actual.allowed, "text": str(explanation)}


def issue_to_json(issue: PolicyIssue) -> Json:
    """Return what the page shows of a `PolicyIssue`."""
    return {"field": issue.field, "code": issue.code, "reason": issue.reason, "fix": issue.hint}


def code_of(policy: Policy, origins: Iterable[str]) -> str:
    """Return the Python code of a policy, without defaults, and of the live origins if there are any."""
    defaults = Policy().to_dict()
    options = [f"    {name}={_literal(value)}," for name, value in policy.to_dict().items() if value != defaults[name]]
    lines = ["policy = Policy(", *options, ")"] if options else ["policy = Policy()"]
    listed = list(origins)
    return "\n".join([*lines, *([f"origins = LiveOrigins({json.dumps(listed)})"] if listed else [])])


def _literal(value: object) -> str:
    """Return an option as Python code. Strings are in double quotes, as everywhere in the documentation."""
    if isinstance(value, list):
        elements = [*map(_literal, cast("list[object]", value))]
        if len(elements) == 1:
            return f"[{elements[0]}]"
        return "\n".join(["[", *(f"        {element}," for element in elements), "    ]"]) if elements else "[]"
    return json.dumps(value) if isinstance(value, str) else repr(value)


def explained_app(policy: LivePolicy, origins: LiveOrigins | None) -> Starlette:
    """Return an app with a policy and live origins, which explains the decisions of any framework's adapter."""
    app = Starlette(middleware=[Middleware(CORSMiddleware, policy=policy, origins=origins)])
    # Frameworks build their middleware with the first connection. This one exists from the start, so that a policy that
    # cannot be combined with live origins is refused at any time.
    app.middleware_stack = app.build_middleware_stack()
    return app


def _variant(create: CreateApi, policy: Policy, origins: LiveOrigins | None) -> _Variant:
    live = LivePolicy(policy)
    return _Variant(policy=live, app=create(live, origins), explained=explained_app(live, origins))


@contextmanager
def _recorded_warnings() -> Generator[list[Json]]:
    """Collect the warnings about a policy, each once, instead of printing them."""
    found: list[Json] = []
    with warnings.catch_warnings(record=True, category=CrossOriginWarning) as caught:
        warnings.simplefilter("always", CrossOriginWarning)
        yield found
    for warning in caught:
        if isinstance(warning.message, CrossOriginWarning):
            found += [issue for issue in map(issue_to_json, warning.message.issues) if issue not in found]
