"""Policies read from texts: the environment, and the types for pydantic's models and settings."""

from crossorigin.settings.env import policy_from_env

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crossorigin.settings.pydantic import Methods, Origins, PolicyField, RequestHeaders, ResponseHeaders

__all__ = ["Methods", "Origins", "PolicyField", "RequestHeaders", "ResponseHeaders", "policy_from_env"]


def __getattr__(name: str) -> object:
    # Imported late, because pydantic is an extra.
    if name in __all__:
        from crossorigin.settings import pydantic

        return getattr(pydantic, name)
    message = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(message)
