"""Subclasses of CORSMiddleware that were written for Starlette's class."""

from __future__ import annotations

# Methods that subclasses of Starlette's class override, and what to use here instead.
_INSTEAD = {
    "is_allowed_origin": (
        "allow_origins with patterns such as https://*.example.com, or allow_origin_regex; for origins that change "
        "while the server runs, origins=LiveOrigins(): docs/policy.md#origins-that-change"
    ),
    "preflight_response": "the options of Policy, or your own middleware outside this one",
    "simple_response": "the options of Policy, or your own middleware outside this one",
    "send": "your own middleware outside this one",
}


def check_subclass(cls: type) -> None:
    """Refuse a subclass that overrides a method of Starlette's class, because the method would never be called.

    Raises:
        TypeError: The subclass has such a method. The message says what to use instead.
    """
    for name, instead in _INSTEAD.items():
        if hasattr(cls, name):
            message = f"{cls.__name__}.{name} would never be called: CORSMiddleware has no such method. Use {instead}."
            raise TypeError(message)
