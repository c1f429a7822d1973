"""Hold the places of the layers in a process: of several around one response, the outermost decides.

A layer finds one around it by a mark in the scope. Setting and reading that costs a thirtieth of what a layer does for
a request, so it is done only while there is more than one layer in the process.
"""

from __future__ import annotations

from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crossorigin.adapters.common.asgi_types import ASGIApp, Receive, Scope, Send

MARK = "crossorigin.layer"
# Of what a scope says of itself: a mount's path may hold what a stranger sent.
_MAX_WHERE = 120


@dataclass(slots=True, eq=False)
class Place:
    """Hold where a layer stands; a layer and what took its place further out share one.

    `taken` is whether it has seen its first scope. `outermost` is what moved further out, if it did: `unlinked` tells
    that nothing leads to where it came from, `guarded` that nothing outside that would answer a crash but what answers
    with a bare 500. `where` is the place in words, for whoever must find it.
    """

    taken: bool
    outermost: object = None
    unlinked: bool = False
    guarded: bool = False
    where: str = ""
    told: bool = False


async def mark(app: ASGIApp, place: Place, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve a connection with its scope marked by a place, for as long as it is served: some use a scope again."""
    scope[MARK] = place
    place.where = place.where or _where(scope)
    try:
        await app(scope, receive, send)
    finally:
        scope.pop(MARK, None)


def tell_of_two(scope: Scope, place: Place, outer: Place) -> None:
    """Say that a layer stands down, and for which."""
    _tell_once(
        place,
        f"CORSMiddleware stands down {_where(scope)}: another one {outer.where} is outside it, answers the preflights "
        "and sets the headers. What this one blocks stays blocked. If it is there for headers alone, remove it.",
    )


def tell_of_staying(scope: Scope, place: Place) -> None:
    """Say that a layer stays inside an app that it was not added to."""
    _tell_once(
        place,
        f"CORSMiddleware stays where it is {_where(scope)}, for it is not in that app's own middleware, or has a "
        "__call__ of its own: what is answered outside it, as after a crash, has no CORS headers. Add it with "
        "app.add_middleware, without such a __call__, or say outermost=False if that is meant.",
    )


def tell_of_root(named: str) -> None:
    """Say that a policy stands on the very app that a layer serves."""
    _tell(
        f"cors(...) on {named} decides nothing here: the policy of the outermost app is the one that its "
        "CORSMiddleware was given. Give it to that, or put cors(...) on routers or endpoints."
    )


def _tell_once(place: Place, message: str) -> None:
    if not place.told:
        place.told = True
        _tell(message)


def _tell(message: str) -> None:
    import contextlib
    import logging

    # A filter that a user wrote may raise, and a log is no reason for a request to fail.
    with contextlib.suppress(Exception):
        logging.getLogger("crossorigin").warning("%s", message)


def _where(scope: Scope) -> str:
    app = scope.get("app")
    title = getattr(app, "title", None)
    name = (
        "on the server" if app is None else f"in {type(app).__name__}" + (f" {title!a:.{_MAX_WHERE}}" if title else "")
    )
    path = scope.get("root_path") or "/"
    return f"{name} at {path!a:.{_MAX_WHERE}}"
