"""What follows when an app constructs the middleware, depending on what the app constructs it for."""

from __future__ import annotations

from functools import wraps

from crossorigin.adapters.asgi.builder import calling_frame, find_builder
from crossorigin.adapters.common.arguments import log_invalid_arguments
from crossorigin.policy.errors import InvalidPolicyError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ParamSpec

    _Arguments = ParamSpec("_Arguments")


def watches_construction(init: Callable[_Arguments, None]) -> Callable[_Arguments, None]:
    """Wrap the constructor of the middleware, to act on its errors and on its position before the first request.

    An error is kept and answered at startup if an app builds its stack for a lifespan. Otherwise it is raised, and an
    `InvalidPolicyError` is also logged as CRITICAL. If an app builds its stack for a request, it has received no
    lifespan, and the middleware moves to the outermost position now.
    """

    @wraps(init)
    def build(*args: _Arguments.args, **kwargs: _Arguments.kwargs) -> None:
        layer: Any = args[0]
        frame = calling_frame()
        try:
            init(*args, **kwargs)
        except Exception as error:
            from crossorigin.adapters.asgi.failed_startup import keep_error

            if keep_error(layer, error, find_builder(layer, frame)):
                return
            if isinstance(error, InvalidPolicyError):
                log_invalid_arguments(error)
            raise
        builder = None if layer.position.is_final else find_builder(layer, frame)
        if builder is not None and builder.scope["type"] != "lifespan":
            from crossorigin.adapters.asgi.outermost import move_while_building

            move_while_building(layer, builder, may_move=layer.may_move)

    return build
