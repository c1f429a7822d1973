"""The fix for a route, router or app whose own policy decided: elements to add to its call of `cors`. Pure."""

from dataclasses import replace

from crossorigin.doctor.evidence import Situation
from crossorigin.doctor.fixes.edits import Edit
from crossorigin.doctor.fixes.options import Needs, edits_by_words
from crossorigin.doctor.fixes.vocabulary import VOCABULARIES
from crossorigin.doctor.servers import Server


def edits_of_route(situation: Situation, on: str) -> tuple[Edit, ...]:
    """Return what to add to the policy of `on`. Its options are not known, so only elements are added."""
    wanted = situation.wanted
    # A router and an app are named with their kind, and have no decorator.
    call = f"cors(...) on {on}" if " " in on else f"@cors(...) on {on}"
    words = replace(VOCABULARIES[Server.CROSSORIGIN], call="cors", shown=call)
    needs = Needs(
        origin=not situation.origin_allowed,
        method=wanted.preflight and wanted.method != "GET",
        names=wanted.names if wanted.preflight else (),
        credentials=wanted.credentials,
    )
    return edits_by_words(situation, needs, words)
