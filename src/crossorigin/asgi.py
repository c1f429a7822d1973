"""Hold the ASGI middleware: any ASGI 3 server, any ASGI app; the drop-in for Starlette's and FastAPI's.

It reads the facts of a request, lets the plan decide, and writes headers. It never judges, keeps nothing of a
request on itself, and never raises on account of one.

https://asgi.readthedocs.io/en/latest/specs/www.html
"""

from collections.abc import Iterable

from crossorigin.fetch.origin import MAX_ORIGIN
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

# The fields that a CORS-preflight request is judged by, in the order of the judgement.
_ASKING = dict.fromkeys(
    (
        b"origin",
        b"access-control-request-method",
        b"access-control-request-headers",
        b"access-control-request-private-network",
    )
)
_ASKING_LENGTHS = frozenset(map(len, _ASKING))

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
        constant_allow_origin: bool = False,
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
            "constant_allow_origin": constant_allow_origin,
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

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:  # noqa: C901  # see below
        """Serve one connection; `lifespan` and `websocket` pass through untouched."""
        # Every request comes through here, so what is asked of each stands here: a call costs as much as three of
        # these branches. `docs/performance.md` has the figures.
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        plan = self._plan
        if scope["method"] == "OPTIONS":
            answer = _preflight(plan, scope["headers"])
            if answer is not None:
                await send({"type": "http.response.start", "status": answer.status, "headers": [*answer.headers]})
                await send({"type": "http.response.body", "body": answer.body})
                return
        decision = plan.constant
        if decision is None:
            lines, origin = 0, b""
            # One plain pass over the headers: whatever C does for it costs more, a dict or a map too.
            for name, value in scope["headers"]:
                if name == b"origin":
                    lines, origin = lines + 1, value
            if not lines:
                decision = plan.absent
            elif lines > 1:
                decision = plan.repeated
            else:
                # Looked up here, for the call cost as much; measured first, for hashing a megabyte reads all of it.
                decision = plan.listed.get(origin) if len(origin) <= MAX_ORIGIN else None
                if decision is None:
                    decision = plan.judge_origin(origin)
        response = decision.response

        # A plain function that hands on the awaitable: a coroutine of its own would cost every chunk of a stream.
        def send_with_headers(message: "Message") -> "Awaitable[None]":
            if message["type"] == "http.response.start":
                # A new message, for the app may use its own again. A dict copies itself at half the cost of a display.
                answer: dict[str, Any] = message.copy() if type(message) is dict else dict(message)  # pyright: ignore[reportUnknownVariableType]  # narrowed to a dict of unknowns
                answer["headers"] = response.apply(answer.get("headers", ()))
                return send(answer)
            return send(message)

        await self.app(scope, receive, send_with_headers)


def _preflight(plan: Plan, headers: "Iterable[tuple[bytes, bytes]]") -> PreflightResponse | None:
    """Return the answer to a CORS-preflight request; None if the request is none, and belongs to the app."""
    origin = request_method = request_headers = None
    lengths = _ASKING_LENGTHS
    for name, value in headers:
        # By its length first, which costs half as much as to hash it, and a third of comparing it with each.
        if len(name) in lengths:
            if name == b"origin" and origin is None:
                origin = value
            elif name == b"access-control-request-method" and request_method is None:
                request_method = value
            elif name == b"access-control-request-headers" and request_headers is None:
                request_headers = value
            elif name in _ASKING:
                return _unusual_preflight(plan, headers)
    if origin is None or request_method is None:
        return None
    known = plan.known_preflight(origin, request_method, request_headers)
    if known is not None:
        return known.response
    lines = () if request_headers is None else (request_headers,)
    return plan.decide_preflight((origin,), (request_method,), lines).response


def _unusual_preflight(plan: Plan, headers: "Iterable[tuple[bytes, bytes]]") -> PreflightResponse | None:
    """Do the same where a field has several lines, or asks for the private network."""
    lines: dict[bytes, list[bytes]] = {name: [] for name in _ASKING}
    for name, value in headers:
        if name in lines:
            lines[name].append(value)
    origin, request_method, request_headers, private_network = lines.values()
    if not origin or not request_method:
        return None
    return plan.decide_preflight(origin, request_method, request_headers, private_network).response


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
