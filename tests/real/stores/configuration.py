"""What the tests and the app that they start agree on."""

from typing import Any, TypedDict

# Allowed by the policy, whatever the live origins are.
STATIC = "https://app.example.com"
# The header of each response that has the status of the worker.
STATUS_HEADER = "x-status"


class Configuration(TypedDict, total=False):
    """What the app opens.

    Attributes:
        stores: A URL and the options of `LiveOrigins.open` for each store.
        jumping_clock: Whether the wall clock jumps by up to a day whenever somebody reads it.
        loads_at_import: Whether the app loads its origins when it is imported, before a server forks.
    """

    stores: list[tuple[str, dict[str, Any]]]
    jumping_clock: bool
    loads_at_import: bool
