"""Who is a stranger, told by the public suffix list directly, and many of them."""

import random
from collections.abc import Collection, Sequence
from functools import cache

from publicsuffixlist import PublicSuffixList

from crossorigin.fetch.host import is_ipv4
from crossorigin.fetch.origin import parse_origin

OWN_NAMES = ("localhost", "test", "internal", "home.arpa")


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


def is_strange(text: str, own: Collection[str]) -> bool:
    """Tell whether an Origin is that of somebody who owns none of the domains `own`."""
    origin = parse_origin(text)
    if origin is None:
        return text == "null"
    host = origin.host.removesuffix(".")
    if host.startswith("[") or is_ipv4(host) or any(f".{host}".endswith(f".{name}") for name in OWN_NAMES):
        return False
    domain = _suffixes().privatesuffix(host)
    # A public suffix is nobody's own; a single label that is no listed name may be anyone's.
    return (domain or host) not in own and (domain is not None or "." not in host)


def strangers_around(words: Sequence[str], count: int) -> list[str]:
    """Return near misses of every kind around the words of an expression: glued, spelled otherwise, gone on with."""
    rng = random.Random(0)  # the same at every run
    glue = ("", ".", "-", "x", "..", "_", "evil", ".evil", "evil.", "-evil", "evil-", ".evil.", "1")
    behind = (
        "",
        "",
        "",
        ".",
        ".evil.com",
        "evil",
        ".co",
        ".uk",
        "m",
        ":1",
        ":3000",
        ":8443",
        ".evil.com:3000",
        "/",
        "@evil.com",
    )
    schemes = (
        "https://",
        "https://",
        "https://",
        "http://",
        "",
        "evil://",
        "https:",
        "chrome-extension://",
        "HTTPS://",
    )
    made = ["null"]
    while len(made) < count:
        parts = rng.choices(words, k=rng.randint(1, 4))
        host = rng.choice(glue) + rng.choice((".", ".", ".", "-", *glue)).join(parts)
        spelled = rng.choice(schemes) + host + rng.choice(behind)
        made.append(spelled.upper() if rng.random() < 0.02 else spelled)
    return made
