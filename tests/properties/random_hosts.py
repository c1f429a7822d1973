"""Random expressions over hosts, with the errors that people make, and random origins that they match."""

from __future__ import annotations

from collections import deque
from random import Random

from crossorigin.policy.regex.automaton import Automaton

_SCHEMES = [
    "https://",
    "https://",
    "https://",
    "https?://",
    "http://",
    "(?:https|http)://",
    "https?:.*",
    ".*",
    "(?i)https://",
    "capacitor://",
    r"https?:\/\/",
    r"^https://",
    "(?=https)[a-z]+://",
    ".{6,8}",
    "[a-z]{4,9}://",
]
_FRONTS = [
    "",
    r"(?:www\.)?",
    r".*\.",
    r"[a-z0-9-]+\.",
    r"([a-z0-9-]+\.)*",
    r".*",
    r"[^.]+\.",
    r"(.*\.)?",
    r"\w+\.",
    r"app-.*\.",
    ".*-app",
    ".+",
    r".*\b",
    r"(?!evil).*\.",
    r"(?:app|api)\.",
    r"app.",
    r"[a-z]*",
    r"[g-z.]*",
    r".*[.-]",
    r"[^a-d]+\.?",
    r"\S+\.",
    r".*\.?",
    r".*(?<!-)",
    r"(?=.*\.example).*",
    r"[a-c]{2}",
    r"(?:ex|am){3}",
    r"pr-\d+\.",
    r"[1-4]",
    r"[^.]{1,9}\.",
    r"xn--[a-z0-9]+\.?",
]
_DOMAINS = [
    r"example\.com",
    r"example\.com",
    r"example\.(?:com|org)",
    r"example.com",
    r"example\.co\.uk",
    r"example\.[a-z]+",
    r"example\.[a-z]{2}",
    r"localhost",
    r"(?:example\.com|localhost)",
    r"vercel\.app",
    r"myapp\.vercel\.app",
    r"example\.com|https://example\.org",
    r"[a-z]+\.example\.com",
    r"example\..*",
    r"amazonaws\.com",
    r"[a-z0-9-]+\.amazonaws\.com",
    r"192\.168\.\d+\.\d+",
    r"19[0-3]\.168\.1\.\d+",
    r"\d+\.\d+\.\d+\.\d+",
    r"\[fd00::[0-9a-f]+\]",
    r"\[[0-9a-f:]+\]",
    r"example[1-3]\.com",
    r"[a-z]+\.ck",
    r"www\.ck",
    r"city\.kobe\.jp",
    r"[a-z]+\.kobe\.jp",
    r"[a-z]+\.corp",
    r"app\.corp",
    r"co.p",
    r"devtunnels\.ms",
    r"euw\.devtunnels\.ms",
    r"app\.github\.dev",
    r"(?:home\.arpa|internal|test)",
    r"[a-z]+\.(?:home\.arpa|internal|test)",
    r"intranet",
]
_ENDS = [
    "",
    "",
    "",
    "",
    r"(?::\d+)?",
    r":\d+",
    ":3000",
    "$",
    r"\Z",
    ".*",
    r"\.?",
    "/?",
    r"(?:\..*)?",
    "[^/]*",
    r":?\d*",
    r"\b",
]
# Words that random letters would not form.
_WORDS = [
    *(".com", ".org", ".co.uk", ".vercel.app", ".ck", ".jp", ".corp", ".example", "example", "evil", "com", "a.b"),
    *("192.168.1.1", "203.0.113.7", "10.0.0.1", "[::1]", "[2001:db8::1]", "[fd00::1]", ":3000", ".euw.devtunnels.ms"),
]


def random_host_regex(random: Random) -> str:
    """Return a scheme, a prefix, a domain and an end, or two such expressions."""
    parts = (_SCHEMES, _FRONTS, _DOMAINS, _ENDS)
    one = "".join(map(random.choice, parts))
    return (
        one
        if random.random() < 0.9 or one.startswith("(?i")
        else f"{one}|https://{''.join(map(random.choice, parts[1:]))}"
    )


class AcceptedOrigins:
    """Draws texts that an automaton accepts, most of which have the form of an origin."""

    def __init__(self, automaton: Automaton) -> None:
        """Find the shortest way from each state to an end."""
        self._automaton = automaton
        self._nearer: dict[int, str] = {}
        sources: dict[int, list[tuple[int, str]]] = {}
        for state, row in enumerate(automaton.rows):
            for char, target in row.items():
                sources.setdefault(target, []).append((state, char))
        todo = deque(state for state, is_end in enumerate(automaton.ends) if is_end)
        seen = set(todo)
        while todo:
            for source, char in sources.get(todo.popleft(), ()):
                if source not in seen:
                    seen.add(source)
                    self._nearer[source] = char
                    todo.append(source)

    def draw(self, random: Random) -> str:
        """Return a text that is accepted, or an empty one if there is none."""
        automaton = self._automaton
        if not any(automaton.ends):
            return ""
        state, text = automaton.start, ""
        for scheme in random.sample(["https://", "http://", "capacitor://"], 3):
            behind = automaton.walk(state, scheme)
            if behind is not None:
                state, text = behind, scheme
                break
        for _ in range(random.randint(0, 12)):
            word = random.choice(_WORDS) if random.random() < 0.3 else random.choice("abceimopstwx0129-..:")
            behind = automaton.walk(state, word)
            if behind is None:
                word = random.choice([*automaton.rows[state]] or [""])
                behind = automaton.walk(state, word)
            if behind is None:
                break
            state, text = behind, text + word
        while not automaton.ends[state]:
            char = self._nearer[state]
            state, text = automaton.rows[state][char], text + char
        return text
