"""Changes to the options of a CORS layer that is already there: each adds what is missing and keeps everything else.

If the options are known, as in process, an edit writes the whole list. Otherwise it adds one element to a list, so it
works whatever else is in the list. Pure.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from crossorigin.doctor.evidence import ALLOW_CREDENTIALS, ALLOW_HEADERS, ALLOW_METHODS, Situation, options_of, texts_in
from crossorigin.doctor.fixes.edits import Edit
from crossorigin.doctor.fixes.vocabulary import FLASK_CONFIG, VOCABULARIES, Vocabulary
from crossorigin.doctor.layers import Layer
from crossorigin.doctor.servers import Server
from crossorigin.fetch.fields import WILDCARD
from crossorigin.live import LiveOrigins
from crossorigin.policy.literals import list_literal, literal
from crossorigin.policy.pattern import can_be_listed

# Their options are read back from a policy, and it is not known whether they got it or its options.
_MAY_HAVE_POLICY = frozenset(
    {Server.CROSSORIGIN, Server.CROSSORIGIN_AIOHTTP, Server.CROSSORIGIN_FLASK, Server.CROSSORIGIN_WSGI}
)
OWN = _MAY_HAVE_POLICY | {Server.CROSSORIGIN_DJANGO}
_ALLOW_SAFELISTED = OWN | {Server.STARLETTE}
_HAVE_PATTERNS = OWN | {Server.LITESTAR}
_SAFELISTED = frozenset({"accept", "accept-language", "content-language", "content-type"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What is not allowed yet. `lists_are_known` is false if a method or header may be allowed already."""

    origin: bool = False
    method: bool = False
    names: tuple[str, ...] = ()
    credentials: bool = False
    lists_are_known: bool = True

    @property
    def nothing(self) -> bool:
        """Whether everything is allowed, so that the cause is elsewhere."""
        return not (self.origin or self.method or self.names or self.credentials)


def needs_by_options(situation: Situation, options: Mapping[str, object], server: Server) -> Needs:
    """Return what the options of a layer do not allow."""
    wanted, defaults = situation.wanted, VOCABULARIES[server]
    methods = _members(options, "allow_methods", defaults.methods_by_default)
    names = {name.lower() for name in _members(options, "allow_headers", defaults.headers_by_default)}
    missing = [name for name in wanted.names if name.lower() not in names | _safelisted(server)]
    return Needs(
        origin=not allows_origin(options, wanted.origin, server),
        method=wanted.preflight and not {WILDCARD, wanted.method} & {*methods},
        names=() if WILDCARD in names or not wanted.preflight else tuple(missing),
        credentials=wanted.credentials and options.get("allow_credentials") is not True,
    )


def needs_by_answers(situation: Situation) -> Needs:
    """Return what the answers of a server do not allow."""
    wanted = situation.wanted
    origin = not situation.origin_allowed
    methods, names = situation.listed(ALLOW_METHODS), situation.listed(ALLOW_HEADERS)
    passed = wanted.preflight and not situation.in_preflight
    # A refused origin hides the lists of most servers.
    known = passed or not origin or methods is not None
    any_listed = frozenset[str]() if wanted.credentials else frozenset({WILDCARD})
    method = not passed and wanted.preflight and not {wanted.method, *any_listed} & {*(methods or ())}
    if known and wanted.method in {"GET", "HEAD", "POST"}:
        method = method and situation.status >= 300
    listed = {name.lower() for name in names or ()} | _safelisted(situation.recognized.server)
    missing = () if passed or any_listed & listed else tuple(n for n in wanted.names if n.lower() not in listed)
    granted = any(response.lines(ALLOW_CREDENTIALS) == (b"true",) for response in situation.responses)
    return Needs(
        origin=origin,
        method=method,
        names=missing,
        credentials=wanted.credentials and not granted,
        lists_are_known=known,
    )


def edits_of(situation: Situation, needs: Needs, server: Server) -> tuple[Edit, ...]:
    """Return the edits that allow what is needed, in the words of a server that has a vocabulary."""
    words, layer = VOCABULARIES[server], situation.layer
    old_name = next((layer.origins_name for layer in situation.cors_layers if layer.origins_name), "")
    if old_name:
        words = replace(words, origins=old_name, old_origins="")
    if layer is None:
        on = next((layer.on for layer in situation.cors_layers), "")
        if on.startswith("resources["):
            words = replace(words, call=on, shown=f"{on} of CORS(...)", form="item")
        elif on:
            call = "cross_origin" if on.startswith("the view ") else words.call
            words = replace(words, call=call, shown=f"{call}(...) on {on}")
        return tuple(_edits(situation, needs, words, {}))
    if layer.in_config:
        words = FLASK_CONFIG
    elif layer.options.get("policy") is not None:
        words = replace(VOCABULARIES[Server.CROSSORIGIN], call="Policy", shown="")
    elif layer.on:
        words = replace(words, shown=f"the Middleware({words.call}, ...) of {layer.on}")
    elif layer.added_to is not None:
        words = replace(words, shown=f"{layer.added_to}.add_middleware({words.call}, ...){_which(situation, layer)}")
    elif server in _MAY_HAVE_POLICY:
        words = replace(words, shown=f"{words.call}(...), or in the Policy(...) that is passed to it")
    return tuple(_edits(situation, needs, words, options_of(layer)))


def _which(situation: Situation, layer: Layer) -> str:
    """Return in words which call it is, if there are several for one app."""
    same = [other for other in situation.cors_layers if (other.owner, other.added_to) == (layer.owner, layer.added_to)]
    return ", the outermost one (the last such call, or the first in a list)" if len(same) > 1 else ""


def edits_by_words(
    situation: Situation, needs: Needs, words: Vocabulary, known: Mapping[str, object] | None = None
) -> tuple[Edit, ...]:
    """Return the edits that allow what is needed, in the given words. `known` are the options, if any is known."""
    return tuple(_edits(situation, needs, words, known or {}))


def _edits(situation: Situation, needs: Needs, words: Vocabulary, known: Mapping[str, object]) -> Iterator[Edit]:
    wanted = situation.wanted
    if needs.origin:
        yield _live_edit(known, wanted.origin) or _list_edit(words, "allow_origins", [wanted.origin], known)
    if needs.method:
        by_default = words.methods_by_default
        # A method that is allowed by default is only missing if the option is set.
        is_default = wanted.method in by_default
        yield _list_edit(words, "allow_methods", [wanted.method], known, by_default, omit=is_default)
    if needs.names:
        names = [name.lower() for name in needs.names] if words.form == "setting" else list(needs.names)
        yield _list_edit(words, "allow_headers", names, known, omit=words.any_header_by_default)
    if needs.credentials:
        value = "true" if words.form == "property" else "True"
        code = _assignment(words, words.credentials, value)
        yield _set(words, words.credentials, code)


def _live_edit(known: Mapping[str, object], origin: str) -> Edit | None:
    """Return the edit that adds an origin to the live origins of a layer, or None if they cannot contain it."""
    live = known.get("origins")
    if not isinstance(live, LiveOrigins) or not live.accepts(origin):
        return None
    if live.status().source == "memory":
        return Edit(
            kind="add",
            place="Add to LiveOrigins([...]), or call origins.add(...) with it:",
            code=f"{literal(origin)},",
            name="origins",
            within="LiveOrigins",
        )
    command = live.command("add", origin)
    if command is not None:
        return Edit(kind="run", place="Run:", code=command, name="crossorigin origins", within="LiveOrigins.open")
    return Edit(
        kind="add",
        place="Add to the data that the load function of LiveOrigins.polled(...) returns:",
        code=literal(origin),
        name="load",
        within="LiveOrigins.polled",
    )


def _list_edit(
    words: Vocabulary,
    option: str,
    added: list[str],
    known: Mapping[str, object],
    by_default: tuple[str, ...] = (),
    *,
    omit: bool = False,
) -> Edit:
    name = words.name_of(option)
    if known and words.default_lists and option not in known and option != "allow_origins":
        # The default list of the package applies, and the setting would replace it.
        return _set(words, name, _define(words, name, [*by_default, *added]))
    if known:
        whole = [*_kept(known, option, by_default, added), *added]
        return _set(words, name, _assignment(words, name, list_literal(whole)))
    elements = ", ".join(map(literal, added)) + ","
    old = f" (or {words.old_origins}, its old name)" if words.old_origins and option == "allow_origins" else ""
    place = f"Add to {name}{old} in {_where(words)}:"
    define = None if omit else _define(words, name, [*by_default, *added])
    return Edit(kind="add", place=place, code=elements, name=name, within=words.call, define=define)


def _kept(known: Mapping[str, object], option: str, by_default: tuple[str, ...], added: list[str]) -> Iterator[str]:
    """Yield what is listed. A misspelled form of an added origin goes, because it allows nobody."""
    for value in _members(known, option, by_default):
        misspelled = value.rstrip("/").lower() in added and not (option == "allow_origins" and can_be_listed(value))
        if not misspelled:
            yield value


def _define(words: Vocabulary, name: str, whole: list[str]) -> str:
    """Return what to write if there is no such list."""
    if words.form != "setting" or name == words.origins:
        return _assignment(words, name, list_literal(whole))
    default = "default_methods" if name == words.methods else "default_headers"
    added = [value for value in whole if value not in words.methods_by_default]
    written = f"{name} = [*{default}, {', '.join(map(literal, added))}]"
    return f"from {words.default_lists} import {default}\n\n{written}"


def _assignment(words: Vocabulary, name: str, value: str) -> str:
    match words.form:
        case "argument":
            return f"{name}={value},"
        case "setting":
            return f"{name} = {value}"
        case "property":
            return f"{name}: {value},"
        case "config":
            return f'app.config["{name}"] = {value}'
        case "item":
            return f'"{name}": {value},'


def _set(words: Vocabulary, name: str, code: str) -> Edit:
    place = "Before CORS(...) reads the configuration, set:" if words.form == "config" else f"In {_where(words)}, set:"
    return Edit(kind="set", place=place, code=code, name=name, within=words.call)


def _where(words: Vocabulary) -> str:
    match words.form:
        case "argument":
            return words.shown or f"{words.call}(...)"
        case "setting" | "config" | "item":
            return words.shown or words.call
        case "property":
            return f"{words.call}({{...}})"


def allows_origin(options: Mapping[str, object], origin: str, server: Server) -> bool:
    """Return whether the options of a layer allow an origin, its live origins included.

    Only crossorigin and Litestar have patterns in the list. Other packages compare whole origins.
    """
    from crossorigin.policy.decide.matcher import OriginMatcher

    listed = _members(options, "allow_origins")
    if {origin, WILDCARD} & {*listed}:
        return True
    live = options.get("origins")
    if isinstance(live, LiveOrigins) and origin in live:
        return True
    regex = options.get("allow_origin_regex")
    if isinstance(regex, str) and _matches(regex, origin):
        return True
    if server not in _HAVE_PATTERNS:
        return False
    valid = [text for text in listed if "*" in text and can_be_listed(text)]
    return OriginMatcher(valid).allows(origin.encode())


def _matches(regex: str, origin: str) -> bool:
    try:
        return re.fullmatch(regex, origin) is not None
    except re.error:
        return False


def _safelisted(server: Server) -> frozenset[str]:
    # crossorigin and Starlette's class allow these headers with any value, so they need no entry in a list.
    return _SAFELISTED if server in _ALLOW_SAFELISTED else frozenset()


def _members(options: Mapping[str, object], name: str, default: Iterable[str] = ()) -> list[str]:
    return texts_in(options.get(name, default))
