"""The fix for an owner of a policy, such as a route or a blueprint: elements to add to its options. Pure."""

from dataclasses import replace

from crossorigin.doctor.evidence import Situation
from crossorigin.doctor.fixes.edits import Edit
from crossorigin.doctor.fixes.options import Needs, edits_by_words
from crossorigin.doctor.fixes.vocabulary import VOCABULARIES, Vocabulary
from crossorigin.doctor.servers import Server

_RESOURCES = "resources["
_BLUEPRINT = "Blueprint "


def edits_of_route(situation: Situation, on: str) -> tuple[Edit, ...]:
    """Return what to add to the policy of `on`. Its options are not known, so only elements are added."""
    wanted = situation.wanted
    write = _WRITERS.get(situation.recognized.server, _with_cors)
    needs = Needs(
        origin=not situation.origin_allowed,
        method=wanted.preflight and wanted.method != "GET",
        names=wanted.names if wanted.preflight else (),
        credentials=wanted.credentials,
    )
    return edits_by_words(situation, needs, write(on))


def name_of_owner(server: Server, on: str) -> str:
    """Return how a text names the owner of a policy.

    aiohttp names a handler with its module. An app has no name, so only its class is known, usually `Application`.
    """
    return "the sub-app" if server is Server.CROSSORIGIN_AIOHTTP and "." not in on else on


def _with_cors(on: str) -> Vocabulary:
    # A router, an app and an `include` are named with their kind, and have no decorator.
    call = f"cors(...) on {on}" if " " in on or on.startswith("include(") else f"@cors(...) on {on}"
    return replace(VOCABULARIES[Server.CROSSORIGIN], call="cors", shown=call)


def _aiohttp(on: str) -> Vocabulary:
    is_app = name_of_owner(Server.CROSSORIGIN_AIOHTTP, on) != on
    return replace(_with_cors(on), shown="cors(...)(subapp)") if is_app else _with_cors(on)


def _flask(on: str) -> Vocabulary:
    words = VOCABULARIES[Server.CROSSORIGIN_FLASK]
    if on.startswith(_RESOURCES):
        return replace(words, call=on, shown=f"{on} of CORS(app, ...)", form="item")
    if on.startswith(_BLUEPRINT):
        return replace(words, shown=f"CORS(...) on {on}")
    return replace(words, call="cross_origin", shown=f"@cross_origin(...) on {on}")


_WRITERS = {Server.CROSSORIGIN_AIOHTTP: _aiohttp, Server.CROSSORIGIN_FLASK: _flask}
