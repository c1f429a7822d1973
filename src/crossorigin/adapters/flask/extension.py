"""The Flask extension `CORS`."""

from __future__ import annotations

from crossorigin.adapters.common.arguments import logs_invalid_arguments
from crossorigin.adapters.common.route_policies import AttachedPolicy
from crossorigin.adapters.flask.config import NAMES, check_unused, read_config, with_names_of_config
from crossorigin.adapters.flask.layer import FlaskLayer
from crossorigin.adapters.flask.origins import check_origins
from crossorigin.adapters.flask.registry import EXTENSION, REGISTRY
from crossorigin.adapters.flask.resources import read_resources
from crossorigin.adapters.wsgi.arguments import read_wsgi_arguments
from crossorigin.policy.errors import InvalidPolicyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Unpack

    from flask import Blueprint, Flask

    from crossorigin.adapters.common.arguments import MiddlewareOptions, OnRefused
    from crossorigin.adapters.flask.resources import Resources
    from crossorigin.live.origins import LiveOrigins
    from crossorigin.live.policy import LivePolicy
    from crossorigin.policy.options import PolicyOptions
    from crossorigin.policy.policy import Policy
    from crossorigin.telemetry.hook import OnDecision

    class Arguments(PolicyOptions, total=False):
        """The arguments of `CORS` besides the app."""

        policy: Policy | LivePolicy | None
        resources: Mapping[str, Policy | PolicyOptions | None] | None
        debug: bool
        served_methods_only: bool
        on_refused: OnRefused
        on_decision: OnDecision | None
        origins: LiveOrigins | None


class CORS:
    """Flask extension that answers CORS preflights and sets the CORS headers of all other responses of an app.

    It wraps `app.wsgi_app`, so that errors, redirects, static files and streams have their headers too. Pass either
    the options of `Policy` or a `policy`, and the app here or later to `init_app`, which takes the same arguments.
    Without both, the policy is read from `app.config`: `CORS_ALLOW_ORIGINS` and, with the same prefix, the other
    options.

    With a blueprint instead of an app, the policy applies to the views of the blueprint. The app needs its own
    `CORS(app)`.

    Args:
        app: A Flask app, or a blueprint that is not registered yet.
        policy: A `Policy` to use instead of the options, or a `LivePolicy`, which can be replaced while the server
            runs. It is an error to pass both a policy and options.
        resources: Policies by path, such as `{"/public/*": policy, "/internal": None}`. A path is exact, or ends in
            `/*` for everything at or below it; the longest one applies. A value is a `Policy`, the options of one as a
            mapping, or None to allow no other origin.
        debug: Whether to help with debugging, only in an app whose `debug` is True. Allowed requests are logged as
            DEBUG. A preflight that is refused for its method or headers is answered with 200 if browsers refuse the
            request anyway, so that the browser console names the method or header instead of the status. A page of an
            allowed other origin gets the traceback of an exception as text, and everyone else Werkzeug's debugger.
        served_methods_only: Whether a preflight allows only those methods of the policy that the app serves at its
            path.
        on_refused: What to do with an actual request whose `Origin` is neither allowed nor the server's own. With
            "pass", the app answers, and the browser prevents the page from reading the response. With "block", the
            response is 403.
        on_decision: A function that is called with each decision and the WSGI environ. The decision is also in
            `environ["crossorigin"]`. Its exceptions are logged and do not affect the request.
        origins: `LiveOrigins`, exact origins that may change while the server runs. They are allowed in addition to
            those of the app's policy.
        **options: The options of `Policy`.

    Raises:
        InvalidPolicyError: An argument or a key of `app.config` is invalid. The message is also logged as CRITICAL on
            the logger `crossorigin`.
        RuntimeError: The app has a `CORS` extension already, `debug` is True but `app.debug` is not, or nothing says
            which origins are allowed.
        TypeError: `app` is neither a Flask app nor a blueprint, or `resources` is not a mapping.
        ValueError: A path in `resources` is neither exact nor a prefix, or its options do not say which origins are
            allowed.

    Warns:
        CrossOriginWarning: Part of the policy does not do what it appears to do.

    https://fetch.spec.whatwg.org/#http-cors-protocol

    >>> from flask import Flask
    >>> app = Flask(__name__)
    >>> cors = CORS(app, allow_origins=["https://app.example.com"], allow_credentials=True)
    """

    @logs_invalid_arguments
    def __init__(
        self,
        app: Flask | Blueprint | None = None,
        *,
        policy: Policy | LivePolicy | None = None,
        resources: Mapping[str, Policy | PolicyOptions | None] | None = None,
        debug: bool = False,
        served_methods_only: bool = False,
        on_refused: OnRefused = "pass",
        on_decision: OnDecision | None = None,
        origins: LiveOrigins | None = None,
        **options: Unpack[PolicyOptions],
    ) -> None:
        """Validate the arguments, and initialize the app if there is one."""
        self._has_policy = policy is not None or bool(options)
        self._arguments: dict[str, Any] = {
            "debug": debug,
            "served_methods_only": served_methods_only,
            "on_refused": on_refused,
            "on_decision": on_decision,
            "origins": origins,
        }
        self._resources: Resources
        self._policy, self._options = self._read(policy, options, resources)
        if policy is None and origins is None:
            check_origins(options, "CORS(...)", has_resources=bool(self._resources))
        self._is_for_app_only = self._resources or self._arguments != {
            "debug": False,
            "served_methods_only": False,
            "on_refused": "pass",
            "on_decision": None,
            "origins": None,
        }
        if app is not None:
            self._initialize(app)

    def init_app(self, app: Flask | Blueprint, **arguments: Unpack[Arguments]) -> None:
        """Add the middleware to a Flask app, or the policy to a blueprint. One extension can serve several apps.

        Args:
            app: As in the class.
            **arguments: The arguments of the class, if this extension was created without arguments.

        Raises:
            InvalidPolicyError: An argument or a key of `app.config` is invalid.
            RuntimeError: As in the class.
            TypeError: `app` is neither a Flask app nor a blueprint, or both this call and the extension have arguments.
            ValueError: As in the class.
        """
        if arguments:
            if self._has_policy or self._is_for_app_only:
                raise TypeError(
                    "CORS(...) and init_app(...) both have arguments, and they are not merged. Pass all of them to one "
                    "of the two."
                )
            CORS(app, **arguments)
            return
        try:
            self._initialize(app)
        except InvalidPolicyError as error:
            import logging

            logging.getLogger("crossorigin").critical("%s", error)
            raise

    def _read(
        self, policy: object, options: Mapping[str, object], resources: object
    ) -> tuple[Policy, MiddlewareOptions]:
        """Read all arguments, so that their errors are reported together."""
        error: InvalidPolicyError | None = None
        try:
            self._resources = read_resources(resources)
        except InvalidPolicyError as found:
            error = found
        try:
            read = read_wsgi_arguments(policy, options, **self._arguments)
        except InvalidPolicyError as found:
            raise InvalidPolicyError([*found.issues, *(error.issues if error else ())]) from None
        if error is not None:
            raise error
        return read

    def _initialize(self, app: Any) -> None:
        if hasattr(app, "wsgi_app") and hasattr(app, "extensions"):
            self._wrap(app)
        elif hasattr(app, "before_request") and hasattr(app, "record") and not hasattr(app, "asgi_app"):
            self._attach(app)
        else:
            raise TypeError(
                f"CORS(...) needs a Flask app or blueprint, got {type(app).__name__}. For other WSGI apps, use "
                "CORSMiddleware of crossorigin.wsgi; for ASGI apps, CORSMiddleware of crossorigin."
            )

    def _wrap(self, app: Any) -> None:
        if EXTENSION in app.extensions:
            raise RuntimeError(
                "This app already has a CORS extension, and policies are not merged. Remove one of the two CORS(app) "
                "calls. For other policies on some routes, use CORS(blueprint, ...), cross_origin(...) or resources."
            )
        policy, options = self._policy, self._options
        names: Mapping[str, str] = {}
        if self._has_policy:
            check_unused(app.config)
        else:
            found = read_config(app.config)
            if found is None and not self._resources and options.origins is None:
                raise RuntimeError(
                    'CORS(app) has no policy. Pass allow_origins=["https://app.example.com"], or set '
                    'app.config["CORS_ALLOW_ORIGINS"] before this call. allow_origins=["*"] allows every origin, and '
                    "allow_origins=[] allows none."
                )
            if found is not None and options.origins is None:
                check_origins(app.config, "app.config", has_resources=bool(self._resources), names=NAMES)
            if found is not None:
                names = NAMES
                policy, options = with_names_of_config(lambda: read_wsgi_arguments(found, {}, **self._arguments))
        if options.debug and not app.debug:
            raise RuntimeError(
                "CORS(app, debug=True) shows tracebacks to pages of allowed origins, and this app is not in debug "
                "mode. Remove debug=True, pass debug=app.debug, or start the app with flask run --debug."
            )
        layer = FlaskLayer(app, policy, options, self._resources, names)
        app.extensions[EXTENSION] = layer
        app.wsgi_app = layer.serve
        if options.debug:
            from crossorigin.adapters.flask.debug_errors import DebugErrors

            app.wsgi_app = DebugErrors(layer).serve

    def _attach(self, blueprint: Any) -> None:
        owner = f"Blueprint {blueprint.name!r}"
        if self._is_for_app_only:
            raise TypeError(
                f"{owner} can only have a policy. Pass resources, debug, served_methods_only, on_refused, "
                "on_decision and origins to CORS(app, ...)."
            )
        if not self._has_policy:
            raise TypeError(f'CORS(...) on {owner} has no policy. Pass allow_origins=["https://app.example.com"].')

        def check_extension() -> None:
            from flask import current_app

            if EXTENSION not in current_app.extensions:
                raise RuntimeError(
                    f"CORS(...) on {owner} has no effect, because this app has no CORS extension. Call CORS(app, ...) "
                    "where the app is created."
                )

        try:
            blueprint.before_request(check_extension)
        except AssertionError:
            raise TypeError(f"{owner} is already registered. Call CORS(...) on it before register_blueprint.") from None
        REGISTRY.attach(blueprint, AttachedPolicy(self._policy, owner))
