"""The schemes of the origins that an expression accepts, and the extensions of browsers among them."""

from __future__ import annotations

from collections import deque

from crossorigin.policy.check.regex.search import Grammar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crossorigin.policy.regex.automaton import Automaton

_MAX_SCHEME = 64
# No page has such an origin: pages from files send `null`, and a WebSocket handshake has the origin of its page.
NEVER_SENT = ("file", "ws", "wss")
OTHER = "other"

_CHROME_ID = ("abcdefghijklmnop",) * 32
_UUID = tuple(chars for length in (8, 4, 4, 4, 12) for chars in (*["0123456789abcdef"] * length, "-"))[:-1]
# The host of a page in VS Code: a SHA-256 hash in base 32.
_WEBVIEW = ("0123456789abcdefghijklmnopqrstuv",) * 52
# The forms of extension ids. Anyone can publish an extension.
EXTENSIONS = {
    "chrome-extension": _CHROME_ID,
    "moz-extension": _UUID,
    "safari-web-extension": _UUID,
    "vscode-webview": _WEBVIEW,
}
_KNOWN = ("https", "http", *NEVER_SENT, *EXTENSIONS)


def find_schemes(automaton: Automaton) -> dict[str, dict[int, str]]:
    """Return the states after `scheme://`, each with the text that leads there.

    Schemes with special rules have separate entries. All others are combined as `OTHER`.
    """
    found: dict[str, dict[int, str]] = {}
    for scheme in _KNOWN:
        state = automaton.walk(automaton.start, f"{scheme}://")
        if state is not None:
            found[scheme] = {state: f"{scheme}://"}
    others: dict[int, str] = {}
    todo, seen = deque([(automaton.start, "")]), set[tuple[int, str]]()
    while todo:
        state, scheme = todo.popleft()
        automaton.budget.spend(1)
        behind = automaton.walk(state, "://")
        if scheme and scheme not in _KNOWN and behind is not None:
            others.setdefault(behind, f"{scheme}://")
        for char, target in automaton.rows[state].items():
            longer = scheme + char
            # Two schemes that lead to the same state are equivalent, unless one of them can still become a known one.
            key = (target, longer if any(known.startswith(longer) for known in _KNOWN) else "")
            if key not in seen and len(longer) <= _MAX_SCHEME and _can_continue(scheme, char):
                seen.add(key)
                todo.append((target, longer))
    return found | ({OTHER: others} if others else {})


def _can_continue(scheme: str, char: str) -> bool:
    return char.isalpha() or (scheme != "" and char in "0123456789+-.")


def extension_grammar(scheme: str) -> Grammar[int]:
    """Return the grammar of the ids of a kind of extension."""
    shape = EXTENSIONS[scheme]
    return Grammar(
        "0123456789abcdefghijklmnopqrstuv-",
        0,
        lambda place, char: place + 1 if place < len(shape) and char in shape[place] else None,
        len(shape).__eq__,
    )
