"""The reasons and fixes for regular expressions that allow untrusted origins.

Every suggested expression has been checked.
"""

from __future__ import annotations

from dataclasses import replace

from crossorigin.fetch.origin import DEFAULT_PORTS, OPAQUE_ORIGIN
from crossorigin.policy.check.origin_diagnosis import APP_ORIGINS
from crossorigin.policy.check.public_suffix import why_public
from crossorigin.policy.check.regex.cause import REGEX, Cause
from crossorigin.policy.check.regex.readable import WORDS
from crossorigin.policy.check.regex.repairs import (
    PRIVATE_RANGES,
    branches_of,
    close_addresses,
    escape_dots,
    name_hosts,
    repaired,
    replace_globs,
)
from crossorigin.policy.check.regex.verdict import Danger, Verdict
from crossorigin.policy.fixes import REMOVE, Fix
from crossorigin.policy.regex.matcher import compile_matcher

TYPE_CHECKING = False
if TYPE_CHECKING:
    from crossorigin.policy.check.regex.examination import Fixer

_ACTS = "and with allow_credentials=True a page there acts as your user."
_LOCALHOST = r"https?://(localhost|127\.0\.0\.1)(:\d+)?"
_COOKIELESS = Fix("allow_credentials", REMOVE, "if no page sends cookies; tokens in headers still work")


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
