"""Hold the public suffix list: below which names strangers can register theirs.

The one third-party import of the core. It is made, and the list read, only when a wildcard meets credentials.
"""

from __future__ import annotations

from functools import cache

from crossorigin.fetch.host import to_ace_label

TYPE_CHECKING = False
if TYPE_CHECKING:
    from publicsuffixlist import PublicSuffixList

# Special-use names (RFC 6761, RFC 8375, and ICANN's `internal`): nobody can register one, so everything below them
# is the operator's own.
_PRIVATE = ("localhost", "test", "internal", "home.arpa")


@cache
def _suffixes() -> tuple[PublicSuffixList, frozenset[str], tuple[str, ...]]:
    """Read the list that is shipped with `publicsuffixlist`, once in a process.

    Beside it: the names that have public suffixes somewhere below them.
    """
    # Both imports are slow, and only wildcards with credentials need them.
    from importlib import resources

    from publicsuffixlist import PublicSuffixList

    text = resources.files("publicsuffixlist").joinpath("public_suffix_list.dat").read_text(encoding="utf-8")
    parents: set[str] = set()
    suffixes: list[str] = []
    for line in text.splitlines():
        if not line or line.startswith(("//", "!")):
            continue
        labels = [to_ace_label(label) or label for label in line.split()[0].split(".")]
        suffixes.append(".".join(labels).replace("*", "canary"))
        parents.update(".".join(labels[i:]) for i in range(1, len(labels)))
    return PublicSuffixList(source=text), frozenset(parents), tuple(suffixes)


def is_private(name: str) -> bool:
    """Tell whether `name` is, or is below, one that nobody can register."""
    return any(name == private or name.endswith(f".{private}") for private in _PRIVATE)


def public_suffix_of(name: str) -> str:
    """Return the public suffix of a host without a final dot; of a host of unknown kind, its last label."""
    rules, _, _ = _suffixes()
    return rules.publicsuffix(name, accept_unknown=True) or name


def registrable_domain(name: str) -> str:
    """Return the part of a host that somebody registered: its public suffix and one label; itself if it is shorter."""
    rules, _, _ = _suffixes()
    return rules.privatesuffix(name, accept_unknown=True) or name


@cache
def suffixes_with_end(end: str) -> tuple[str, ...]:
    """Return the public suffixes that end with a text and are longer."""
    return tuple(suffix for suffix in _suffixes()[2] if suffix.endswith(end) and suffix != end)


def why_public(host: str) -> str | None:
    """Say why strangers can have names below `host`, in words that follow its name; None if they cannot.

    One trailing dot is dropped first. A top-level name that the list does not know counts as a public suffix.
    """
    name = host.removesuffix(".")
    if is_private(name):
        return None
    rules, parents, _ = _suffixes()
    if rules.publicsuffix(name, accept_unknown=False) == name:
        return "is a public suffix: anyone can register a name below it"
    if "." not in name and name not in parents:
        return "is a top-level name that is not on the public suffix list: anyone may be able to register below it"
    if name in parents:
        return "has public suffixes below it: anyone can register a name there"
    return None
