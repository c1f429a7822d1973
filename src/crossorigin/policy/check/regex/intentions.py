"""What was probably meant by an expression that matches no origin.

Each result is only a guess: `mistakes` checks it before it is suggested.
"""

from __future__ import annotations

import re

from crossorigin.fetch.host import to_ace_label
from crossorigin.policy.check.regex.repairs import branches_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_LIST = re.compile(r"\[(\s*[\"'].*[\"']\s*)\]", re.DOTALL)
_QUOTED = re.compile(r"""[rb]{0,2}["'`](.*)["'`]""", re.DOTALL | re.IGNORECASE)
_JAVASCRIPT = re.compile(r"/(.*)/([a-z]*)", re.DOTALL)
_BEYOND_ASCII = re.compile(r"[A-Za-z0-9-]*[^\x00-\x7f][^\x00-\x2c./:-@\[-^`{-\x7f]*")


def with_schemes(text: str) -> str:
    """Write the scheme in front of each alternative that begins with a host: http on this machine, otherwise https."""
    return "|".join(map(_with_scheme, branches_of(text)))


def _with_scheme(branch: str) -> str:
    host = branch.removeprefix("^").removeprefix("//")
    if re.match(r"\(?(?:\?:)?(?:localhost|127\\?\.)", host):
        return f"http://{host}"
    is_host = "://" not in host and re.search(r"[a-z0-9]\\?\.[a-z0-9]", host)
    return f"https://{host}" if is_host else branch


def cut_paths(text: str) -> str:
    """Remove a path from the end of an expression."""
    return re.sub(r"(?<=[^/:])/[\w.*?/\\-]*(\)?\$?)$", r"\1", text)


def unify_backslashes(text: str) -> str:
    """Replace double backslashes, which are not needed in raw strings and settings files, by single ones."""
    return text.replace("\\\\", "\\")


def lower_letters(text: str) -> str:
    r"""Convert letters to lower case, except in escapes such as `\S`."""
    return re.sub(r"\\.|\(\?P|[A-Z]", lambda found: found[0] if len(found[0]) > 1 else found[0].lower(), text)


def unwrap(text: str) -> Iterator[tuple[str, str]]:
    """Yield what was probably meant by an expression with quotes, slashes, brackets, commas or letters beyond ASCII.

    Each comes with the reason why the text as it is matches nothing.
    """
    bare = text.strip()
    if bare != text:
        yield "White space at its beginning or end is part of it.", bare
    if not bare.isascii():
        yield "Browsers send a host that is not ASCII in Punycode.", write_punycode(bare)
    listed = _LIST.fullmatch(bare)
    quoted = _QUOTED.fullmatch(bare)
    literal = _JAVASCRIPT.fullmatch(bare)
    if listed is not None:
        members = [_QUOTED.sub(r"\1", member) for member in re.split(r"\s*,\s*", listed[1].strip())]
        joined = "|".join(members)
        yield "A list in one string is not read as a list.", joined
        yield "A list in one string is not read as a list.", unify_backslashes(joined)
    elif quoted is not None:
        yield "Quotes around it are part of it.", quoted[1]
    elif literal is not None:
        inner = literal[1].replace(r"\/", "/")
        has_capitals = "i" in literal[2] and lower_letters(inner) != inner
        yield "The slashes of JavaScript are part of it.", f"(?i:{inner})" if has_capitals else inner
    else:
        several = re.split(r"[,;\s]+", bare)
        if len(several) > 1 and all("://" in part for part in several):
            yield "Several expressions in one are separated by |.", "|".join(several)


def write_punycode(text: str) -> str:
    """Replace each word beyond ASCII by the label that browsers send."""
    return _BEYOND_ASCII.sub(lambda found: to_ace_label(found[0]) or found[0], text)


def web_schemes(text: str) -> str:
    """Replace the schemes of WebSockets by those of their pages."""
    return re.sub(r"(?<![a-z])ws(?=(?:s\??)?(?:://|:\\/))", "http", text)
