"""The part of the matrix with redirects."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from tests.real.engines.exchange import Ask, Exchange, Hop, answer, one
from tests.real.engines.spellings import ALL, ANYONE, GRANT, JSON, NULL, REDIRECTS, Lines

_NEXT: Lines = ("Location: {next}",)
_HEADERS = (("X-One", "1"), ("Authorization", "a"))
_ASKS = (
    Ask(),
    Ask(credentials="include"),
    Ask(method="POST", body="x"),
    Ask(method="PUT", body="x"),
    Ask(headers=_HEADERS),
)


def way(places: str, lines: Lines, *statuses: str, first: Lines | None = None) -> list[Hop]:
    """Return hops from server to server, such as `page>api>other`.

    The first hop may have other CORS headers. The statuses are those of the hops, in order, or one for all of them.
    """
    *before, last = places.split(">")
    hops = []
    for number, at in enumerate(before):
        granted = lines if number or first is None else first
        status = statuses[number % len(statuses)] if statuses else "302 Found"
        hops.append(Hop(at=at, preflight=answer(granted, ALL), actual=answer(granted, _NEXT, status=status)))
    return [*hops, Hop(at=last, preflight=answer(lines, ALL), actual=answer(lines))]


def origins_on_the_way() -> Iterator[Exchange]:
    """Redirects between all servers, and the origins that result."""
    two = ("api>api", "api>other", "api>page", "page>api", "page>page")
    three = ("page>api>page", "api>other>api", "page>page>api", "page>api>other", "api>api>other", "page>api>api")
    for places, ask in product((*two, *three), _ASKS):
        for grants, lines in (("page", GRANT), ("null", NULL), ("*", ANYONE)):
            if grants == "*" and (ask.credentials == "include" or (places in three and ask.method != "GET")):
                continue
            status = "302 Found" if ask.method == "GET" else "307 Temporary"
            kind = f"{ask.method}{' with headers' if ask.headers else ''}"
            hops = way(places, lines, status, first=GRANT)
            yield one("redirects", f"{kind} {places} by {grants}, {ask.credentials}", ask, *hops)
    for count in (19, 20, 21):
        yield one("redirects", f"{count} of them", Ask(), *way(">".join(["api"] * (count + 1)), GRANT))


def headers_on_the_way() -> Iterator[Exchange]:
    """The page's headers, and those of its body, after a redirect."""
    authorization = Ask(method="POST", headers=(("Authorization", "a"),))
    json = Ask(method="POST", body="{}", headers=(JSON,))
    text = Ask(method="PUT", body="x", headers=(("Content-Type", "text/plain"),))
    for places, (name, ask) in product(
        ("page>api", "page>api>api", "api>api>api", "page>page>api", "api>other>other"),
        (("Authorization", authorization), ("JSON", json), ("text", text)),
    ):
        for status in ("302 Found", "303 See Other", "307 Temporary"):
            yield one("redirected headers", f"{name} {places} {status}", ask, *way(places, ANYONE, status))
    typed = Ask(method="DELETE", headers=(("Content-Type", "text/plain"),))
    for places in ("page>other", "api>other"):
        yield one("redirected headers", f"DELETE with a type {places}", typed, *way(places, ANYONE))
    body = Ask(method="POST", body="x")
    by_xhr = Ask(initiator="xhr", method="POST", body="x")
    for places, (name, ask), statuses in product(
        ("api>api>api", "page>other>api", "api>other>api", "page>page>api", "api>api>other", "page>api>api"),
        (("JSON", json), ("body", body), ("XHR", by_xhr), ("XHR, JSON", replace(json, initiator="xhr"))),
        (("302 Found", "308 Permanent"), ("307 Temporary", "303 See Other"), ("308 Permanent", "302 Found")),
    ):
        hops = way(places, NULL if places in {"api>other>api", "page>other>api"} else GRANT, *statuses, first=GRANT)
        yield one("redirected headers", f"{name} {places} {statuses}", ask, *hops)
    names_of_body = ("Content-Type", "Content-Language", "Content-Encoding", "Content-Location")
    described = Ask(method="POST", body="x", headers=tuple((name, "text/plain") for name in names_of_body))
    for places, second in product(
        ("api>api>api", "page>api>api", "api>other>other"), ("302 Found", "303 See Other", "308 Permanent")
    ):
        statuses = ("302 Found", second)
        yield one("redirected headers", f"described {places} {statuses}", described, *way(places, ANYONE, *statuses))
        asked = replace(described, initiator="xhr")
        yield one("redirected headers", f"described XHR {places} {statuses}", asked, *way(places, ANYONE, *statuses))


def odd_headers_on_the_way() -> Iterator[Exchange]:
    """Headers outside CORS, and headers that browsers set themselves, after a redirect."""
    no_cors = Ask(mode="no-cors", method="POST", body="x")
    for places in ("api>api>api", "api>page>api"):
        get = Ask(mode="no-cors", headers=(("Content-Type", "text/plain"), ("Content-Language", "en")))
        for status in ("302 Found", "308 Permanent"):
            yield one("redirected headers", f"no-cors GET {places} {status}", get, *way(places, ANYONE, status))
            post = replace(get, method="POST")
            yield one("redirected headers", f"no-cors POST {places} {status}", post, *way(places, ANYONE, status))
    for places, second in product(
        ("api>api>api", "page>api>api", "api>other>api", "page>page>page", "api>api>other"),
        ("302 Found", "303 See Other", "307 Temporary", "308 Permanent"),
    ):
        statuses = ("302 Found", second)
        yield one("redirected headers", f"no-cors {places} {statuses}", no_cors, *way(places, ANYONE, *statuses))
    for places in ("page>page", "api>api", "page>api"):
        yield one(
            "redirected headers", f"User-Agent {places}", Ask(headers=(("User-Agent", "1"),)), *way(places, ANYONE)
        )
    names = ("DPR", "Width", "Downlink", "Viewport-Width", "RTT", "Device-Memory")
    hints = (*((name, "1") for name in names), ("ECT", "4g"), ("Save-Data", "on"))
    for places in ("api>api", "api>other", "api>page", "page>api", "page>page", "page>page>page"):
        yield one("redirected headers", f"client hints {places}", Ask(headers=hints), *way(places, ANYONE))
        worker = Ask(initiator="worker", headers=hints)
        yield one("redirected headers", f"client hints of a worker {places}", worker, *way(places, ANYONE))


def codes() -> Iterator[Exchange]:
    """The method after each redirect status."""
    asks = (*_ASKS[2:], Ask(method="HEAD"), Ask(method="DELETE"), Ask(headers=(JSON,)))
    for status, ask, places in product(REDIRECTS, asks, ("api>api", "api>other")):
        hops = way(places, ANYONE, status)
        yield one("redirect codes", f"{ask.method} {len(ask.headers)} {status} {places}", ask, *hops)
        if ask.body is not None:
            typed = Ask(method=ask.method, body="{}", headers=(JSON, ("X-One", "1")))
            yield one("redirect codes", f"{ask.method} JSON {status} {places}", typed, *hops)


def locations() -> Iterator[Exchange]:
    """Valid and invalid targets of a redirect."""
    for location in ("", "#x", "data:,x", "ftp://127.0.0.1/", "http://", "{next}#fragment", "about:blank", "//"):
        hop = Hop(actual=answer(GRANT, (f"Location: {location}",), status="302 Found"))
        yield one("locations", repr(location), Ask(), hop, Hop(actual=answer(GRANT)))
    users = ("u:p@", "u@", ":@", "@")
    for user, places, mode in product(users, ("api>api", "api>other", "page>api", "page>page"), ("cors", "no-cors")):
        first, to = places.split(">")
        hop = Hop(at=first, actual=answer(GRANT, (f"Location: http://{user}{{after}}",), status="302 Found"))
        yield one("locations", f"{user} {places}, {mode}", Ask(mode=mode), hop, Hop(at=to, actual=answer(ANYONE)))


def grants() -> Iterator[Exchange]:
    """CORS headers in each of the two responses."""
    put = Ask(method="PUT")
    for first, second in product((GRANT, (), ANYONE), (GRANT, (), ANYONE, NULL)):
        hop = Hop(preflight=answer(GRANT, ALL), actual=answer(first, _NEXT, status="307 Temporary"))
        yield one("redirects granted", f"{first} then {second}", Ask(), hop, Hop(actual=answer(second)))
        after = Hop(preflight=answer(second, ALL), actual=answer(GRANT))
        yield one("redirects granted", f"PUT {first} then preflight {second}", put, hop, after)


def redirect_modes() -> Iterator[Exchange]:
    """Pages that do not follow redirects."""
    for redirect, places in product(("error", "manual"), ("api>api", "page>api", "page>page")):
        ask = Ask(redirect=redirect)
        yield one("redirect modes", f"{redirect} {places}", ask, *way(places, GRANT))
        yield one("redirect modes", f"{redirect} {places}, none", ask, *way(places, GRANT)[1:])
        yield one("redirect modes", f"{redirect} {places}, not granted", ask, *way(places, ()))
    for mode, places, method in product(
        ("same-origin", "no-cors"),
        ("page>page", "page>api", "api>page", "api>other", "page>api>page"),
        ("GET", "POST"),
    ):
        yield one("modes", f"{method} {mode} {places}", Ask(mode=mode, method=method), *way(places, GRANT))
        if method == "POST":
            yield one("modes", f"POST 308 {mode} {places}", Ask(mode=mode, method=method), *way(places, GRANT, "308 P"))


THEMES = (origins_on_the_way, headers_on_the_way, odd_headers_on_the_way, codes, locations, grants, redirect_modes)
