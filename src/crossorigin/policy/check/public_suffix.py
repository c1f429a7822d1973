"""The public suffix list as a tree: the names below which anyone can register names.

The list comes from the only third-party dependency of the core. It is read only for a policy that combines credentials
with a wildcard or a regular expression. https://publicsuffix.org/list/
"""

from __future__ import annotations

from functools import cache

from crossorigin.fetch.host import to_ace_label

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Literal

    # A registry sells names, and a hosting service gives them to its users. An exception is a name below a wildcard
    # that is not a suffix (`!www.ck`).
    Section = Literal["registry", "hosting", "exception"]

# Special-use names (RFC 6761, RFC 8375, and ICANN's `internal`). Nobody can register a name below them, so they belong
# to the operator.
PRIVATE_NAMES = frozenset({"localhost", "test", "internal", "home.arpa"})
_ANY_LABEL = "*"


class SuffixNode:
    """A name in the tree: the names one label below it, and its section if it is itself a public suffix."""

    __slots__ = ("children", "section", "wildcard")

    def __init__(self) -> None:
        """Create a node without names below it."""
        self.children: dict[str, SuffixNode] = {}
        self.section: Section | None = None
        self.wildcard: SuffixNode | None = None

    @property
    def is_suffix(self) -> bool:
        """Whether anyone can register a name directly below this one."""
        return self.section in {"registry", "hosting"}

    @property
    def has_suffixes_below(self) -> bool:
        """Whether a name below this one is a public suffix."""
        return self.wildcard is not None or any(
            child.is_suffix or child.has_suffixes_below for child in self.children.values()
        )

    def child(self, label: str) -> SuffixNode | None:
        """Return the node of a name one label below this one, by name or by wildcard."""
        return self.children.get(label, self.wildcard)


@cache
def suffix_tree() -> SuffixNode:
    """Return the list that is included in `publicsuffixlist`, with our hosting suffixes, as a tree of labels."""
    # Both imports are slow, and most policies do not need them.
    from importlib import resources

    from crossorigin.policy.check.hosting_suffixes import HOSTING_SUFFIXES

    text = resources.files("publicsuffixlist").joinpath("public_suffix_list.dat").read_text(encoding="utf-8")
    registries, _, hosting = text.partition("===BEGIN PRIVATE DOMAINS===")
    root = SuffixNode()
    for line in registries.splitlines():
        _add(root, line, "registry")
    for line in (*hosting.splitlines(), *HOSTING_SUFFIXES):
        _add(root, line, "hosting")
    _apply_wildcards(root)
    return root


def _add(root: SuffixNode, line: str, section: Section) -> None:
    rule = line.partition(" ")[0]
    if not rule or rule.startswith("//"):
        return
    node = root
    for label in reversed(rule.removeprefix("!").split(".")):
        if label == _ANY_LABEL:
            node.wildcard = node.wildcard or SuffixNode()
            node = node.wildcard
        else:
            name = label if label.isascii() else to_ace_label(label) or label
            node = node.children.setdefault(name, SuffixNode())
    node.section = "exception" if rule.startswith("!") else section


def _apply_wildcards(node: SuffixNode) -> None:
    """Mark names below a wildcard as suffixes if the list contains them only for the names below them."""
    for child in node.children.values():
        if node.wildcard is not None and child.section is None:
            child.section = node.wildcard.section
        _apply_wildcards(child)


def is_private(name: str) -> bool:
    """Return whether `name` is a private name, or is below one."""
    return any(name == private or name.endswith(f".{private}") for private in PRIVATE_NAMES)


def registrable_domain(name: str) -> str:
    """Return the registrable domain of a host: its public suffix and one more label, or the host if it is shorter."""
    labels = name.split(".")
    own = 2  # for a top-level name that is not on the list
    node = suffix_tree()
    for depth, label in enumerate(reversed(labels), start=1):
        child = node.child(label)
        if child is None:
            break
        node = child
        if node.is_suffix:
            own = depth + 1
        elif node.section == "exception":
            own = depth
    return ".".join(labels[-own:])


def why_public(host: str) -> str | None:
    """Return why anyone can get names below `host`, as a text that follows its name, or None if they cannot.

    One trailing dot is ignored. A top-level name that is not on the list counts as a public suffix.
    """
    name = host.removesuffix(".")
    if is_private(name):
        return None
    node: SuffixNode | None = suffix_tree()
    for label in reversed(name.split(".")):
        node = node.child(label) if node is not None else None
    if node is not None and node.is_suffix:
        return "is a public suffix: anyone can register a name under it"
    if node is not None and node.has_suffixes_below:
        return "has public suffixes under it: anyone can register a name there"
    if "." not in name:
        return (
            "is a top-level name that is not on the public suffix list: anyone may be able to register a name under it"
        )
    return None
