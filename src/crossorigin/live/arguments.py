"""Checks of the arguments of `LiveOrigins.polled` and `LiveOrigins.open`."""

from __future__ import annotations

import math


def check_load(load: object) -> None:
    """Check that `load` is a function.

    Raises:
        TypeError: It is not.
    """
    if not callable(load):
        message = f"load must be a function that returns all origins, got {load!r:.120}."
        raise TypeError(message)


def check_seconds(name: str, value: object) -> None:
    """Check that an argument is a number of seconds above 0.

    Raises:
        TypeError: It is not a number.
        ValueError: It is not above 0, or it is not finite.
    """
    if not isinstance(value, int | float) or isinstance(value, bool):
        message = f"{name} must be a number of seconds, for example {name}=5.0, got {value!r:.120}."
        raise TypeError(message)
    if not (0 < value < math.inf):
        message = f"{name} must be above 0 seconds, got {value!r}."
        raise ValueError(message)


def check_bool(name: str, value: object) -> None:
    """Check that an argument is a bool.

    Raises:
        TypeError: It is not.
    """
    if not isinstance(value, bool):
        message = f"{name} must be True or False, got {value!r:.120}."
        raise TypeError(message)


def check_text(name: str, value: object) -> None:
    """Check that an argument is a string.

    Raises:
        TypeError: It is not.
    """
    if not isinstance(value, str):
        message = f"{name} must be a string, got {value!r:.120}."
        raise TypeError(message)
