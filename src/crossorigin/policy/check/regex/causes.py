"""The reasons and fixes for regular expressions with errors or warnings.

Every suggested expression has been checked.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import NamedTuple

from crossorigin.fetch.origin import DEFAULT_PORTS, OPAQUE_ORIGIN
from crossorigin.policy.check.origin_diagnosis import APP_ORIGINS
from crossorigin.policy.check.origin_repair import MISSING_VALUES, UNFILLED
from crossorigin.policy.check.public_suffix import why_public
from crossorigin.policy.check.regex.readable import WORDS
from crossorigin.policy.check.regex.repairs import (
    PRIVATE_RANGES,
    branches_of,
    close_addresses,
    cut_paths,
    escape_dots,
    lower_letters,
    name_hosts,
    repaired,
    replace_globs,
    unify_backslashes,
    unwrap,
    web_schemes,
    with_schemes,
    without_atoms,
    without_branches,
)
from crossorigin.policy.check.regex.schemes import NEVER_SENT
from crossorigin.policy.check.regex.verdict import Danger, Verdict
from crossorigin.policy.fixes import REMOVE, Fix
from crossorigin.policy.regex.matcher import compile_matcher

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crossorigin.policy.check.regex.examination import Fixer

REGEX = "allow_origin_regex"
_ACTS = "and with allow_credentials=True a page there acts as your user."
_LOCALHOST = r"https?://(localhost|127\.0\.0\.1)(:\d+)?"
_NEVER_MATCHES = (
    "It must match a whole origin, which is scheme://host or scheme://host:port in lower case, but it matches no text "
    "of this form."
)
_COOKIELESS = Fix("allow_credentials", REMOVE, "if no page sends cookies; tokens in headers still work")


class Cause(NamedTuple):
    """The reason for an error or warning, with its fixes, the most likely one first, or an instruction."""

    reason: str
    fixes: tuple[Fix, ...] = ()
    instruction: str = ""


def explain_danger(text: str, verdict: Verdict, fixer: Fixer, *, lists_origins: bool) -> Cause:
    """Return the cause for an expression that allows untrusted origins.

    `lists_origins` says whether `allow_origins` has origins, so that the policy still has a use without the expression.
    """
    match verdict.danger:
        case Danger.NULL:
            return _null(text, fixer)
        case Danger.ADDRESSES:
            return _addresses(text, verdict, fixer)
        case Danger.EXTENSIONS:
            return _extensions(verdict)
        case Danger.HOSTING:
            return _hosting(text, verdict, fixer)
        case _:
            return _any_name(text, verdict, fixer, lists_origins=lists_origins)


def _any_name(text: str, verdict: Verdict, fixer: Fixer, *, lists_origins: bool) -> Cause:
    scheme = verdict.origin.partition("://")[0]
    if scheme.endswith("extension"):
        return _extensions(verdict)
    if scheme not in DEFAULT_PORTS:
        return _custom_scheme(text, scheme, verdict, fixer)
    if verdict.danger is Danger.ANY_ORIGIN:
        return _any_origin(verdict, lists_origins=lists_origins)
    return _domains(text, verdict, fixer)


def _any_origin(verdict: Verdict, *, lists_origins: bool) -> Cause:
    reason = (
        f"It matches every host and allows origins such as {verdict.origin}, so with allow_credentials=True every site "
        "can act as your user."
    )
    if lists_origins:
        return Cause(reason, (Fix(REGEX, REMOVE, "if only the pages in allow_origins send cookies"), _COOKIELESS))
    return Cause(
        reason,
        (
            _COOKIELESS,
            Fix(REGEX, r"https://(.+\.)?example\.com", "the hosts of your own pages"),
            Fix(REGEX, _LOCALHOST, "during development: pages on this machine"),
        ),
    )


def _custom_scheme(text: str, scheme: str, verdict: Verdict, fixer: Fixer) -> Cause:
    """Return the cause for an expression that accepts any host after the scheme of an app, such as `app://.*`."""
    own = APP_ORIGINS.get(scheme, f"{scheme}://your-app")
    reason = f"It allows {verdict.origin}. Any app can use the scheme {scheme}:// with such a host, {_ACTS}"
    named: list[str] = []
    for branch in branches_of(text):
        found = fixer.examine(branch)
        is_open = found is not None and found.verdict.origin.startswith(f"{scheme}://")
        named.append(own.replace(".", r"\.") if is_open and branch.lstrip("^(").startswith(scheme) else branch)
    fixed = "|".join(dict.fromkeys(named))
    if fixed != text and fixer.is_fine(fixed):
        return Cause(reason, (Fix(REGEX, fixed, f"the origin of your app's pages, such as {own}"), _COOKIELESS))
    return Cause(reason, instruction=f"write out the origin that the pages of your app have, for example {own}.")


def _null(text: str, fixer: Fixer) -> Cause:
    reason = (
        "It matches null, the origin of sandboxed frames and data: URLs. Every site can send it, so with "
        "allow_credentials=True every site can act as your user."
    )
    if text == OPAQUE_ORIGIN:
        return Cause(f"{reason} Templates also write null for a missing value.", (Fix(REGEX, REMOVE),))
    for fixed in (text.replace("null|", "", 1), text.replace("|null", "", 1)):
        if fixed != text and fixer.is_fine(fixed):
            return Cause(reason, (Fix(REGEX, fixed),))
    return Cause(
        reason,
        instruction="match only origins that start with a scheme, as in "
        r'r"https://(.+\.)?example\.com", and serve the page from one of them.',
    )


def _domains(text: str, verdict: Verdict, fixer: Fixer) -> Cause:
    cause = "It"
    has_globs = replace_globs(text) != text
    for why, fixed in repaired(text):
        found = fixer.examine(fixed)
        if found is None or not found.can_match or found.verdict.danger is Danger.DOMAINS:
            continue
        cause = f"{why}, so it"
        if found.verdict.danger is Danger.HOSTING:
            if "." not in found.verdict.suffix:
                break  # `.*example` is left of `.*example.*`: nobody meant `example` as a top-level name
            own = _hosting(fixed, found.verdict, fixer)
            if compile_matcher(text).matches(found.verdict.origin.encode()):
                # The repaired expression still allows names below a hosting suffix, and the switch helps only after
                # the repair.
                return own._replace(reason=f"{why}. {own.reason}", fixes=(replace(own.fixes[0], when=""),))
            if has_globs:
                return Cause(
                    f"{cause} allows {verdict.origin}. Anyone can register that domain, {_ACTS} A wildcard would be as "
                    f"dangerous, because {found.verdict.suffix} {why_public(found.verdict.suffix)}.",
                    (replace(own.fixes[0], when=""),),
                )
        if found.verdict.danger is None:
            escaped = escape_dots(fixed)
            return Cause(
                f"{cause} allows {verdict.origin}. Anyone can register that domain, {_ACTS}",
                (Fix(REGEX, escaped if fixer.is_fine(escaped) else fixed),),
            )
    if verdict.is_combined:
        return Cause(
            f"It combines its parts to more domains than it writes out in full, and allows {verdict.origin}. Anyone "
            f"can register a domain that is not yours, {_ACTS}",
            instruction="list the origins of your own pages in allow_origins, or write out each domain in full, as in "
            r'r"https://(example\.com|example\.org)".',
        )
    return Cause(
        f"{cause} allows {verdict.origin}. Anyone can register that domain, {_ACTS}",
        instruction="write out the whole domain name, with each dot escaped and a dot before it, so that only a "
        r'subdomain or a port can vary, as in r"https://.*\.example\.org"; or use allow_origins, as in '
        '"https://*.example.org".',
    )


def _hosting(text: str, verdict: Verdict, fixer: Fixer) -> Cause:
    suffix = verdict.suffix
    escaped = suffix.replace(".", r"\.")
    name = verdict.origin.partition("://")[2].partition(f".{suffix}")[0].rpartition(".")[2]
    lines = [f"{suffix} {why_public(suffix)}. The expression allows {verdict.origin}, {_ACTS}"]
    if name not in WORDS:
        lines.append(
            "A name that contains your project's name does not protect you, because other users can choose such a name "
            "too. Serve previews from your own domain."
        )
    if suffix == "netlify.app" and "--" in text:
        lines.append(
            "Netlify reserves names that end with --your-site for the owner of that site. To rely on that, set "
            "dangerously_allow_public_suffixes=True."
        )
    fixed = _with_own_names(text, fixer) or rf"https://your-app\.{escaped}"
    fixes = [Fix(REGEX, fixed, f"your own origins, such as https://your-app.{suffix}")]
    if fixer.is_fine(text, with_switch=True):
        fixes.append(
            Fix("dangerously_allow_public_suffixes", value=True, when="if nobody else can register a matching name")
        )
    return Cause(" ".join(lines), tuple(fixes))


def _with_own_names(text: str, fixer: Fixer) -> str | None:
    """Return the expression with a name in place of each part that allows every name of a hosting service.

    The outermost alternatives that are safe stay as they are.
    """
    named: list[str] = []
    for branch in branches_of(text):
        found = fixer.examine(branch)
        if found is None or found.verdict.danger not in {None, Danger.HOSTING}:
            return None
        if found.verdict.danger is None:
            named.append(branch)
            continue
        suffix = found.verdict.suffix.replace(".", r"\.")
        # Only the part that is open is replaced where a group may have more than this one host.
        named_hosts = name_hosts(escape_dots(branch), "your-app")
        candidates = (named_hosts, close_addresses(named_hosts)) if "(" in branch else ()
        fixed = next(filter(fixer.is_fine, candidates), rf"https://your-app\.{suffix}")
        named.append(fixed)
    joined = "|".join(named)
    return joined if fixer.is_fine(joined) else None


def _addresses(text: str, verdict: Verdict, fixer: Fixer) -> Cause:
    reason = f"It allows {verdict.origin}. Anyone can rent a machine with a public address, {_ACTS}"
    fixed = close_addresses(text)
    if fixed != text and fixer.is_fine(fixed):
        return Cause(reason, (Fix(REGEX, fixed),))
    return Cause(
        reason,
        instruction="list your own addresses, or only the private ranges: "
        rf"127\.0\.0\.1 and \[::1\] for this machine, {PRIVATE_RANGES} and \[fd[0-9a-f]{{2}}:[0-9a-f:]+\] for private "
        "networks.",
    )


def _extensions(verdict: Verdict) -> Cause:
    if verdict.origin.startswith("vscode-"):
        return Cause(
            f"It allows {verdict.origin}. Anyone can publish an extension of VS Code, {_ACTS} VS Code gives each "
            "webview its own host.",
            instruction="remove allow_credentials=True if the page sends a token in a header instead of cookies; or "
            "let the extension send the requests outside the webview, where CORS does not apply.",
        )
    return Cause(
        f"It allows {verdict.origin}. Anyone can publish an extension, and with allow_credentials=True it acts as your "
        "user." + (" Firefox gives each installation its own ID." if verdict.origin.startswith("moz-") else ""),
        instruction="write out the ID of your extension, as in "
        'r"chrome-extension://abcdefghijklmnopabcdefghijklmnop"; or remove allow_credentials=True if it sends a token '
        "in a header instead of cookies.",
    )


def explain_unsupported(text: str, part: str, fixer: Fixer) -> Cause:
    """Return the cause for an expression that an automaton cannot express."""
    reason = f"It contains {part}, which is not supported: each origin is matched in one pass, without backtracking."
    fixed = without_atoms(text)
    if fixed != text and fixer.is_fine(fixed):
        return Cause(reason, (Fix(REGEX, fixed),))
    return Cause(reason, instruction=r'write the expression without it, as in r"https://.*\.example\.org".')


def explain_too_large(why: str) -> Cause:
    """Return the cause for an expression that exceeds a limit."""
    return Cause(
        f"The expression is too large: {why}.",
        instruction="list the origins in allow_origins, where their number does not matter; or write a shorter "
        r'expression, with * instead of large counts, as in r"https://.*\.example\.org".',
    )


def explain_insecure(text: str, verdict: Verdict, fixer: Fixer) -> Cause:
    """Return the cause for an expression that allows an unencrypted origin."""
    reason = f"It allows {verdict.insecure}. Anyone on the network path can modify an http page and act as your user."
    fixed = text.replace("https?", "https").replace("http://", "https://").replace("(http|https)", "https")
    found = fixer.examine(fixed) if fixed != text and "localhost" not in text and "127" not in text else None
    if found is not None and found.can_match and found.verdict.danger is None and found.verdict.insecure is None:
        return Cause(reason, (Fix(REGEX, fixed),))
    return Cause(
        reason,
        instruction="match http:// only for hosts on this machine or a private network, and https:// for all others.",
    )


def explain_unescaped_dot(text: str, fixer: Fixer) -> Cause | None:
    """Return the cause for unescaped dots, or None if there are none or escaping them breaks the expression."""
    fixed = escape_dots(text)
    if fixed == text or not fixer.is_fine(fixed):
        return None
    return Cause(
        "An unescaped dot matches any character. This expression allows no other existing host, but it may after a "
        "later change.",
        (Fix(REGEX, fixed),),
    )


def explain_glob(text: str, fixer: Fixer) -> Cause | None:
    """Return the cause for a wildcard of file names in an expression, or None if there is none."""
    fixed = replace_globs(text)
    if fixed == text:
        return None
    fixed = escape_dots(fixed)
    reason = (
        'In an expression, "*" repeats the character before it and is not a wildcard, so it does not match the origins '
        "that it seems to."
    )
    if fixer.is_fine(fixed):
        return Cause(reason, (Fix(REGEX, fixed),))
    return Cause(reason, instruction="list the origins in allow_origins, where * can be a subdomain or a port.")


def explain_invalid(text: str, why: str, fixer: Fixer) -> Cause:
    """Return the cause for an expression that Python cannot compile."""
    reason = f"Invalid regular expression: {why}."
    if text == "*":
        return Cause(reason, instruction='remove it, and use allow_origins=["*"] without credentials to allow all.')
    fixed = rf"https://.*\.{re.escape(text[2:])}" if text.startswith("*.") else text
    if fixed != text and fixer.is_fine(fixed):
        return Cause(reason, (Fix(REGEX, fixed),))
    return Cause(reason, instruction=r'use a valid regular expression, such as r"https://.*\.example\.org".')


def explain_never_sent(text: str, scheme: str, fixer: Fixer) -> Cause:
    """Return the cause for an expression with a scheme that browsers never send."""
    instead = "pages from files send null" if scheme == "file" else "a WebSocket handshake sends the origin of its page"
    reason = f"No browser sends an origin that begins with {scheme}://: {instead}."
    for fixed in (without_branches(text, "file:", "ws:", "wss:", "wss?:"), web_schemes(text)):
        if fixed and fixed != text and fixer.is_fine(fixed):
            return Cause(reason, (Fix(REGEX, fixed),))
    return Cause(reason, instruction="remove that part of the expression.")


def explain_never_matches(text: str, fixer: Fixer) -> Cause:
    """Return the cause for an expression that matches no origin."""
    cause = _not_an_expression(text) or _only_never_sent(text, fixer)
    if cause is not None:
        return cause
    reason = _NEVER_MATCHES
    unwrapped = list(unwrap(text))
    for why, fixed in unwrapped:
        if fixer.is_fine(fixed):
            return Cause(f"{reason} {why}", (Fix(REGEX, fixed),))
    if unwrapped:
        reason += f" {unwrapped[0][0]}"
    elif "\\\\" in text:
        reason += r" \\ matches a backslash, which no origin contains."
    for fixed in (
        unify_backslashes(text),
        cut_paths(text),
        with_schemes(text),
        lower_letters(text),
    ):
        if fixed != text and fixer.is_fine(fixed):
            return Cause(reason, (Fix(REGEX, fixed),))
    return Cause(
        reason, instruction=r'write an expression that matches the whole origin, as in r"https://.*\.example\.org".'
    )


def _not_an_expression(text: str) -> Cause | None:
    """Return the cause for a missing value or a variable that was not substituted, or None."""
    value = text.strip()
    if not value or value.lower() in MISSING_VALUES:
        shown = f": {value}" if value else ""
        reason = f"It is not an expression, but what str() or a template writes for a missing value{shown}."
        return Cause(reason, (Fix(REGEX, REMOVE),))
    if UNFILLED.search(text):
        return Cause(
            f"{_NEVER_MATCHES} It contains a variable that was not substituted.",
            instruction="write the expression with the value of the variable.",
        )
    return None


def _only_never_sent(text: str, fixer: Fixer) -> Cause | None:
    start = text.lstrip("^(")
    never_sent = next((scheme for scheme in NEVER_SENT if start.startswith((f"{scheme}:", f"{scheme}?:"))), None)
    return None if never_sent is None else explain_never_sent(text, never_sent, fixer)
