"""Live origins as the rest of the package reads them: a set of exact origins that can change while the server runs.

`crossorigin.live` implements them. The decisions, the log and the explanations depend on these protocols only.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet
    from typing import Protocol

    class OriginListener(Protocol):
        """An object that keeps something that depends on live origins."""

        def origins_changed(self, added: AbstractSet[bytes]) -> None:
            """Forget what was decided before a change that added these origins. It must not wait for anything."""
            ...

    class OriginSource(Protocol):
        """A set of live origins."""

        @property
        def table(self) -> AbstractSet[bytes]:
            """The origins that are allowed now. Looking one up takes no lock."""
            ...

        def subscribe(self, listener: OriginListener) -> None:
            """Call a listener after each change, for as long as something else holds it."""
            ...

        def start(self) -> None:
            """Start to follow the store of the origins, if there is one. Later calls do nothing."""
            ...

        def describe(self) -> str:
            """Return what the origins are and how recent they are, for explanations and the log."""
            ...

        def advise(self, origin: str) -> str:
            """Return what to do so that an origin is allowed: a sentence in lower case without its period."""
            ...
