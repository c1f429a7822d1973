"""Hold the ASGI middleware: any ASGI 3 server, any ASGI app; the drop-in for Starlette's and FastAPI's.

It reads the facts of a request, lets the plan decide, and writes headers. It never judges, keeps nothing of a
request on itself, and never raises on account of one.

https://asgi.readthedocs.io/en/latest/specs/www.html
"""

from collections.abc import Iterable

from crossorigin.policy.errors import InvalidPolicyError, IssueCode, PolicyIssue, keep_value
from crossorigin.policy.options import DEFAULTS
from crossorigin.policy.plan import Plan
from crossorigin.policy.policy import Policy
from crossorigin.policy.response import PreflightResponse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping
    from typing import Any

    Scope = MutableMapping[str, Any]
    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    ASGIApp = Callable[[Scope, Receive, Send], Awaitable[None]]

# What subclasses of Starlette's class override, and what says the same here.
_INSTEAD = {
    "is_allowed_origin": "allow_origins with patterns such as https://*.example.com, or allow_origin_regex",
    "preflight_response": "the options of Policy, or a middleware of its own outside this one",
    "simple_response": "the options of Policy, or a middleware of its own outside this one",
    "send": "a middleware of its own outside this one",
}


class CORSMiddleware:
    """Answer CORS-preflight requests and set the CORS headers of every other response.

    Takes the options of `Policy` by the names, order and defaults of Starlette's class, or a `policy`.

    Args:
        app: The ASGI app that is wrapped.
        policy: A `Policy`, in place of the options; naming both is an error.
        debug: Whether a preflight refused for its method or headers may be answered 200, where every browser refuses
            it all the same, so that the console names the method or the header instead of the status. Leave it off
            in production: it tells strangers what is allowed.

    The other arguments are those of `Policy`.

    Raises:
        InvalidPolicyError: The policy is wrong. The message is also logged as CRITICAL on the logger `crossorigin`,
            because a framework that builds its middleware late may hide an exception from the one who deploys.

    Warns:
        CrossOriginWarning: Something in the policy does not do what it looks like.

    https://fetch.spec.whatwg.org/#http-cors-protocol

    >>> async def app(scope, receive, send): ...
    >>> app = CORSMiddleware(app, allow_origins=["https://app.example.com"])
    """

    def __init__(  # noqa: PLR0917  # the names and the order that code in use relies on
        self,
        app: "ASGIApp",
        allow_origins: Iterable[str] = (),
        allow_methods: Iterable[str] = ("GET",),
        allow_headers: Iterable[str] = (),
        allow_credentials: bool = False,
        allow_origin_regex: str | None = None,
        allow_private_network: bool = False,
        expose_headers: Iterable[str] = (),
        max_age: int | None = 600,
        *,
        dangerously_allow_public_suffixes: bool = False,
        policy: Policy | None = None,
        debug: bool = False,
    ) -> None:
        """Check the policy and make it ready."""
        options: dict[str, object] = {
            "allow_origins": allow_origins,
            "allow_methods": allow_methods,
            "allow_headers": allow_headers,
            "allow_credentials": allow_credentials,
            "allow_origin_regex": allow_origin_regex,
            "allow_private_network": allow_private_network,
            "expose_headers": expose_headers,
            "max_age": max_age,
            "dangerously_allow_public_suffixes": dangerously_allow_public_suffixes,
        }
        try:
            self.policy = _policy(policy, options, debug)
        except InvalidPolicyError as error:
            import logging  # noqa: PLC0415  # only a wrong policy pays for it

            logging.getLogger("crossorigin").critical("%s", error)
            raise
        self.app = app
        self._plan = Plan(self.policy, debug=debug)

    def __init_subclass__(cls) -> None:
        """Refuse a subclass that overrides what Starlette's class has: ignored, its check would be lost.

        Raises:
            TypeError: The subclass has such a method; the message says what to write instead.
        """
        super().__init_subclass__()
        for name, instead in _INSTEAD.items():
            if hasattr(cls, name):
                message = (
                    f"{cls.__name__}.{name} would never be called: CORSMiddleware has no such method. Use {instead}."
                )
                raise TypeError(message)

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Serve one connection; `lifespan` and `websocket` pass through untouched."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        plan = self._plan
        # One plain pass over the headers: a comprehension or a dict cost more on every request.
        origins: tuple[bytes, ...] = ()
        for header in scope["headers"]:
            if header[0] == b"origin":
                # Two are as wrong as a thousand, and keeping them all would cost the square of their number.
                origins = (*origins[:1], header[1])
        if origins and scope["method"] == "OPTIONS":
            answer = _preflight(plan, scope, origins)
            if answer is not None:
                await send({"type": "http.response.start", "status": answer.status, "headers": list(answer.headers)})
                await send({"type": "http.response.body", "body": answer.body})
                return
        response = plan.decide_actual(origins).response

        # A plain function that hands on the awaitable: a coroutine of its own would cost every chunk of a stream.
        def send_with_headers(message: "Message") -> "Awaitable[None]":
            if message["type"] == "http.response.start":
                # A new message, for the app may use its own again.
                message = {**message, "headers": response.apply(message.get("headers", ()))}
            return send(message)

        await self.app(scope, receive, send_with_headers)


def _preflight(plan: Plan, scope: "Scope", origins: tuple[bytes, ...]) -> PreflightResponse | None:
    """Return the answer to a CORS-preflight request; None if the request is none, and belongs to the app."""
    lines: dict[bytes, list[bytes]] = {
        b"access-control-request-method": [],
        b"access-control-request-headers": [],
        b"access-control-request-private-network": [],
    }
    for name, value in scope["headers"]:
        if name in lines:
            lines[name].append(value)
    method, headers, private_network = lines.values()
    return plan.decide_preflight(origins, method, headers, private_network).response if method else None


def _policy(policy: Policy | None, options: dict[str, object], debug: object) -> Policy:
    issues: list[PolicyIssue] = []
    if not isinstance(debug, bool):
        issues.append(
            PolicyIssue(
                code=IssueCode.NOT_A_BOOL,
                field="debug",
                value=keep_value(debug),
                reason=f"It is of type {type(debug).__name__}, neither True nor False.",
                hint="True or False.",
            )
        )
    try:
        checked = Policy.from_dict(options) if policy is None else policy
    except InvalidPolicyError as error:
        raise InvalidPolicyError([*error.issues, *issues]) from None
    if policy is not None:
        issues += _issues_of(policy, options)
    if issues:
        raise InvalidPolicyError(issues)
    return checked


def _issues_of(policy: object, options: dict[str, object]) -> list[PolicyIssue]:
    if not isinstance(policy, Policy):
        return [
            PolicyIssue(
                code=IssueCode.POLICY_NOT_A_POLICY,
                field="policy",
                value=keep_value(policy),
                reason=f"It is of type {type(policy).__name__}; policy= takes a Policy.",
                hint='a Policy, as in policy=Policy(allow_origins=["https://app.example.com"]).',
            )
        ]
    return [
        PolicyIssue(
            code=IssueCode.POLICY_BESIDE_OPTIONS,
            field=name,
            value=keep_value(value),
            reason=f"Both policy= and {name}= are given; one of the two would be lost.",
            hint=f"remove {name}= here, and give it to the Policy.",
        )
        for name, value in options.items()
        if not _is_default(name, value)
    ]


def _is_default(name: str, value: object) -> bool:
    default = DEFAULTS[name]
    return value in (default, list(default) if isinstance(default, tuple) else default)
