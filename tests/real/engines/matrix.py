"""The matrix of exchanges by theme. A small function makes the exchanges of each theme from the spellings."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import product

from tests.real.engines.exchange import Ask, Exchange, Hop, Step, answer, lists, one
from tests.real.engines.redirecting import THEMES as REDIRECTING
from tests.real.engines.redirecting import way
from tests.real.engines.spellings import (
    ACAC,
    ACAH,
    ACAM,
    ACAO,
    ACEH,
    ACMA,
    AGES,
    ALL,
    ANYONE,
    CREDENTIALS_LINES,
    EXPOSED,
    FORBIDDEN,
    GRANT,
    HEADER_SETS,
    JSON,
    LISTS,
    METHODS,
    NULL,
    ORIGIN_LINES,
    REDIRECTS,
    STATUSES,
    VALUES,
    Lines,
)  # fmt: skip

# These exchanges are made but not compared.
WARM_UP = "warm-up"


def origins() -> Iterator[Exchange]:
    """Every spelling of the origin, in a response and in the response to a preflight."""
    for lines, include in product(ORIGIN_LINES, (False, True)):
        ask = Ask(credentials="include" if include else "same-origin")
        name = f"{lines}{', include' if include else ''}"
        more = (f"{ACAC}: true",)
        yield one("origin", f"GET {name}", ask, Hop(actual=answer(lines, more)))
        if not include or len(lines) != 1:
            put = Ask(method="PUT", credentials=ask.credentials)
            preflight = answer(lines, more, (f"{ACAM}: PUT",))
            yield one("origin of preflight", f"PUT {name}", put, Hop(preflight=preflight, actual=answer(GRANT)))


def credentials() -> Iterator[Exchange]:
    """Every spelling of the header that allows credentials."""
    own = (f"{ACAO}: {{page}}",)
    for lines in CREDENTIALS_LINES:
        for mode in ("include", "omit"):
            yield one("credentials", f"GET {lines}, {mode}", Ask(credentials=mode), Hop(actual=answer(own, lines)))
        hop = Hop(preflight=answer(own, lines, (f"{ACAM}: PUT",)), actual=answer(GRANT))
        yield one("credentials", f"PUT {lines}", Ask(method="PUT", credentials="include"), hop)
        hop = Hop(preflight=answer(GRANT, (f"{ACAM}: PUT",)), actual=answer(own, lines))
        yield one("credentials", f"PUT, then {lines}", Ask(method="PUT", credentials="include"), hop)


def statuses() -> Iterator[Exchange]:
    """Every kind of status, of a response and of the response to a preflight."""
    for status in STATUSES:
        yield one("status", f"GET {status}", Ask(), Hop(actual=answer(GRANT, status=status)))
        yield one("status", f"GET {status}, not granted", Ask(), Hop(actual=answer(status=status)))
        put = Ask(method="PUT")
        preflight = answer(GRANT, (f"{ACAM}: PUT",), status=status)
        yield one("preflight status", f"PUT {status}", put, Hop(preflight=preflight, actual=answer(GRANT)))
    for status in REDIRECTS:
        preflight = answer(GRANT, (f"{ACAM}: PUT", "Location: {next}"), status=status)
        hop = Hop(preflight=preflight, actual=answer(GRANT))
        yield one("preflight status", f"PUT {status} with Location", Ask(method="PUT"), hop, hop)
        hop = Hop(preflight=answer(("Location: {next}",), status=status))
        yield one("preflight status", f"PUT {status} with Location, not granted", Ask(method="PUT"), hop, hop)


def methods() -> Iterator[Exchange]:
    """Methods in every case, and every spelling of their lists."""
    for method, listed in product(METHODS, ("", "{}", "{}.upper", "{}.lower", "*")):
        value = {"{}.upper": method.upper(), "{}.lower": method.lower(), "{}": method}.get(listed, listed)
        for mode in ("same-origin", "include") if listed == "*" else ("same-origin",):
            hop = Hop(preflight=answer(GRANT, (f"{ACAM}: {value}",)), actual=answer(GRANT))
            yield one("methods", f"{method} by {value!r}, {mode}", Ask(method=method, credentials=mode), hop)
    for method in ("CONNECT", "connect", "TRACE", "Track", "a b", "", "a,b", "\xe9"):
        yield one("methods", f"{method!r}", Ask(method=method), Hop(preflight=answer(GRANT, ALL), actual=answer(GRANT)))
    for values in LISTS:
        for method, mode in (("PUT", "same-origin"), ("PUT", "include"), ("POST", "same-origin")):
            ask = Ask(method=method, credentials=mode, headers=(("X-One", "1"),))
            hop = Hop(preflight=answer(GRANT, (f"{ACAH}: x-one",), lists(ACAM, values, "PUT")), actual=answer(GRANT))
            yield one("method lists", f"{method} by {values}, {mode}"[:200], ask, hop)


def headers() -> Iterator[Exchange]:
    """Request headers: values at the limits, names in every case, and every spelling of their lists."""
    for name, value in VALUES:
        hop = Hop(preflight=answer(GRANT, ALL), actual=answer(GRANT))
        yield one("header values", f"{name[:40]}: {value!r}"[:80], Ask(headers=((name, value),)), hop)
    for name in FORBIDDEN:
        hop = Hop(preflight=answer(GRANT, ALL), actual=answer(GRANT))
        yield one("forbidden headers", name, Ask(headers=((name, "x"), ("X-One", "1"))), hop)
    for pairs, listed, mode in product(HEADER_SETS, ("", "*", "names", "NAMES", "some"), ("same-origin", "include")):
        names = sorted({name.lower() for name, _ in pairs})
        value = {"names": ", ".join(names), "NAMES": ",".join(names).upper(), "some": ",".join(names[1:])}.get(
            listed, listed
        )
        hop = Hop(preflight=answer(GRANT, (f"{ACAH}: {value}",)), actual=answer(GRANT))
        yield one("header sets", f"{names} by {listed!r}, {mode}"[:150], Ask(headers=pairs, credentials=mode), hop)
    for values, mode in product(LISTS, ("same-origin", "include")):
        ask = Ask(headers=(("X-One", "1"),), credentials=mode)
        hop = Hop(preflight=answer(GRANT, lists(ACAH, values, "x-One")), actual=answer(GRANT))
        yield one("header lists", f"{values}, {mode}"[:150], ask, hop)
    for size in (7, 8, 9):
        # Four fields may be safelisted, each with at most 128 bytes, so they never reach the limit of 1024.
        pairs = (
            ("Accept", "a" * 128),
            ("Accept-Language", "a" * 128),
            ("Content-Language", "a" * 128),
            ("X", "a" * size),
        )
        yield one(
            "header values", f"{size}", Ask(headers=pairs), Hop(preflight=answer(GRANT, ALL), actual=answer(GRANT))
        )


def bodies() -> Iterator[Exchange]:
    """Bodies, which add a Content-Type, and upload listeners."""
    grants = (("", ()), ("all", (f"{ACAM}: *", f"{ACAH}: *")), ("types", (f"{ACAH}: content-type",)))
    for (listed, lines), method, kind in product(
        grants,
        ("POST", "PUT", "PATCH"),
        (None, "", "text/plain", "application/json", "text/plain;x=(", "multipart/form-data", "text/html"),
    ):
        hop = Hop(preflight=answer(GRANT, lines), actual=answer(GRANT))
        ask = Ask(method=method, body="x", body_type=kind)
        yield one("bodies", f"{method} {kind!r} by {listed!r}", ask, hop)
    for (listed, lines), method, mode in product(grants, ("POST", "PUT", "GET"), ("same-origin", "include")):
        hop = Hop(preflight=answer(GRANT, lines), actual=answer(GRANT))
        body = None if method == "GET" else "x"
        ask = Ask(initiator="xhr", method=method, body=body, upload_listener=True, credentials=mode)
        yield one("bodies", f"{method} with an upload listener by {listed!r}, {mode}", ask, hop)


def exposed() -> Iterator[Exchange]:
    """Every spelling of the list of exposed headers."""
    own = (
        "X-One: 1", "X-Two: 2", 'ETag: "e"', "Server: s", "Link: <x>", "Cache-Control: no-cache",
        "Content-Language: en", "Expires: 0", "Last-Modified: Thu, 01 Jan 1970 00:00:00 GMT", "Pragma: x",
        "X-One: 3", "*: star", "Set-Cookie: gone=1; Max-Age=0", "Retry-After: 1",
    )  # fmt: skip
    for values, mode in product(EXPOSED, ("same-origin", "include")):
        for initiator in ("fetch", "xhr") if len(values) < 2 else ("fetch",):
            ask = Ask(initiator=initiator, credentials=mode)
            yield one(
                "exposed",
                f"{initiator} {values}, {mode}"[:150],
                ask,
                Hop(actual=answer(GRANT, own, lists(ACEH, values))),
            )
    yield one("exposed", "same origin", Ask(), Hop(at="page", actual=answer(own)))


def opaque() -> Iterator[Exchange]:
    """A page with an opaque origin, whose requests have the origin `null`."""
    granted: tuple[Lines, ...] = (NULL, ANYONE, GRANT, (), (f"{ACAO}: NULL",), (f"{ACAO}: ",))
    doubled = ((f"{ACAO}: *", f"{ACAC}: true"), (f"{ACAO}: null", f"{ACAO}: null"))
    for lines, mode, method in product((*granted, *doubled), ("same-origin", "include"), ("GET", "PUT")):
        hop = Hop(preflight=answer(lines, ALL, (f"{ACAM}: PUT",)), actual=answer(lines))
        yield one("opaque", f"{method} {lines}, {mode}", Ask(method=method, credentials=mode), hop, opaque=True)
    for mode, method in product(("same-origin", "no-cors"), ("GET", "POST")):
        yield one("opaque", f"{method} {mode}", Ask(mode=mode, method=method), Hop(actual=answer(NULL)), opaque=True)
    for places in ("page", "page>page", "api>page", "api>api", "api>other"):
        yield one("opaque", places, Ask(), *way(places, NULL), opaque=True)
    hop = Hop(preflight=answer(NULL, (f"{ACAM}: PUT", f"{ACMA}: 1000")), actual=answer(NULL))
    steps = (Step(ask=Ask(method="PUT"), hops=(hop,)),) * 2
    yield Exchange(group="preflight cache", name="an opaque origin", steps=steps, opaque=True)


def modes() -> Iterator[Exchange]:
    """Modes other than `cors`, and requests to the page's own server."""
    for mode, method, at, credentials_ in product(
        ("same-origin", "no-cors", "cors"),
        ("GET", "HEAD", "POST", "PUT"),
        ("page", "api"),
        ("same-origin", "include", "omit"),
    ):
        body = "x" if method in {"POST", "PUT"} else None
        ask = Ask(mode=mode, method=method, credentials=credentials_, body=body)
        hop = Hop(at=at, preflight=answer(GRANT, ALL, (f"{ACAM}: PUT",)), actual=answer(GRANT))
        yield one("modes", f"{method} {mode} to {at}, {credentials_}", ask, hop)
    for pairs in (
        (("X-One", "1"),),
        (JSON,),
        (("Accept", "a/b"), ("Content-Type", "text/plain")),
        (("Range", "bytes=0-1"),),
        (("Accept", "("),),
    ):
        ask = Ask(mode="no-cors", method="POST", body="x", headers=pairs)
        yield one("modes", f"POST no-cors {pairs}", ask, Hop(actual=answer()))


def policies() -> Iterator[Exchange]:
    """Referrer policies, which can hide the origin."""
    names = (
        "no-referrer", "same-origin", "origin", "unsafe-url", "strict-origin", "origin-when-cross-origin",
        "no-referrer-when-downgrade",
    )  # fmt: skip
    for policy, mode, at in product(names, ("cors", "no-cors", "same-origin"), ("page", "api")):
        ask = Ask(mode=mode, method="POST", referrer_policy=policy)
        yield one("referrer policies", f"{policy} {mode} to {at}", ask, Hop(at=at, actual=answer(GRANT)))


def ages() -> Iterator[Exchange]:
    """The preflight cache: requests that need no preflight after an earlier one."""
    x = ("X-One", "1")
    put = Ask(method="PUT")

    def then(name: str, preflight: Lines, *asks: Ask) -> Exchange:
        hop = Hop(preflight=answer(GRANT, preflight), actual=answer(GRANT))
        return Exchange(group="preflight cache", name=name, steps=tuple(Step(ask=ask, hops=(hop,)) for ask in asks))

    for values in AGES:
        yield then(f"max-age {values}", (f"{ACAM}: PUT", *lists(ACMA, values)), put, put)
    age = f"{ACMA}: 1000"
    methods_, names = f"{ACAM}: PUT, DELETE", f"{ACAH}: x-one, x-two"
    include = Ask(method="PUT", credentials="include")
    with_x, with_y = Ask(headers=(x,)), Ask(headers=(("X-Two", "1"),))
    authorization = Ask(headers=(("Authorization", "a"),))
    yield then("PUT then DELETE", (age, methods_), put, Ask(method="DELETE"), put)
    yield then("PUT then PATCH", (age, methods_), put, Ask(method="PATCH"), put)
    yield then("one header then another", (age, names), with_x, with_y, with_x)
    yield then("one header then both", (age, names), with_x, Ask(headers=(x, ("X-Two", "1"))))
    yield then("headers in another case", (age, names), with_x, Ask(headers=(("x-oNE", "2"),)))
    yield then("a header then a method", (age, methods_, names), with_x, put, Ask(method="PUT", headers=(x,)))
    yield then("a method then a header", (age, methods_, names), put, with_x)
    yield then("include then not", (age, methods_), include, put)
    yield then("not then include", (age, methods_), put, include)
    yield then("omit then same-origin", (age, methods_), Ask(method="PUT", credentials="omit"), put)
    yield then("any method", (age, f"{ACAM}: *"), put, Ask(method="PATCH"), put)
    yield then("any header", (age, f"{ACAH}: *"), with_x, with_y, with_x)
    yield then("any, with credentials", (age, f"{ACAM}: *"), put, include)
    yield then("any header, Authorization", (age, f"{ACAH}: *"), authorization, authorization)
    yield then("any header, then Authorization", (age, f"{ACAH}: *"), with_x, authorization)
    yield then("Authorization listed", (age, f"{ACAH}: authorization"), authorization, authorization)
    yield then("safelisted method listed", (age, methods_, names), put, Ask(method="POST", headers=(x,)))
    head = Ask(method="HEAD", headers=(x,))
    yield then("HEAD, twice", (age, names), head, head)
    yield then("HEAD listed, twice", (age, names, f"{ACAM}: HEAD"), head, head)
    yield then("HEAD after GET", (age, names), with_x, head, with_x)
    yield then("refused, then allowed", (age, f"{ACAM}: DELETE"), put, Ask(method="DELETE"))
    yield then("refused, then refused", (age, f"{ACAM}: DELETE"), put, put)
    yield then("allowed, refused, allowed", (age, f"{ACAM}: DELETE"), Ask(method="DELETE"), put, Ask(method="DELETE"))
    yield then(
        "upload listener, twice",
        (age, names),
        *[Ask(initiator="xhr", method="POST", body="x", upload_listener=True)] * 2,
    )
    yield then("XHR after fetch", (age, methods_), put, Ask(initiator="xhr", method="PUT"))
    for length in (900, 1000, 1100):
        hop = Hop(preflight=answer(GRANT, (age, methods_)), actual=answer(GRANT), query="?" + "x" * length)
        steps = (Step(ask=put, hops=(hop,)),) * 2
        yield Exchange(group="preflight cache", name=f"a query of {length} characters", steps=steps)
    refused = Hop(preflight=answer(GRANT, (age, methods_)))
    yield Exchange(group="preflight cache", name="a refused response", steps=(Step(ask=put, hops=(refused,)),) * 2)
    unparsed = (f"{ACAM}: PUT, GET x", f"{ACAH}: x-one", age)
    yield then("refused for what cannot be parsed, twice", unparsed, put, put)
    hops = tuple(replace(hop, preflight=answer(GRANT, (age, methods_))) for hop in way("api>api", GRANT, "307 T"))
    yield Exchange(group="preflight cache", name="a redirect", steps=(Step(ask=put, hops=hops),) * 2)


def forgotten() -> Iterator[Exchange]:
    """The entries that a blocked response removes from the preflight cache."""
    granted = (f"{ACAM}: PUT, DELETE", f"{ACMA}: 1000")
    put, include = Ask(method="PUT"), Ask(method="PUT", credentials="include")
    uncredentialed = (f"{ACAO}: {{page}}",)
    for name, first, second, lines, third in (
        ("GET", put, Ask(), (), put),
        ("GET after include", include, Ask(), (), include),
        ("GET without", put, Ask(credentials="omit"), (), put),
        ("GET with credentials", put, Ask(credentials="include"), uncredentialed, put),
        ("PUT", put, put, (), put),
        ("PUT with credentials", put, include, uncredentialed, put),
        ("PUT with credentials, then again", put, include, uncredentialed, include),
        ("DELETE", put, Ask(method="DELETE"), (), put),
        ("refused PATCH", put, Ask(method="PATCH"), GRANT, put),
        ("refused PATCH with credentials", put, Ask(method="PATCH", credentials="include"), GRANT, put),
    ):
        pairs = ((first, GRANT), (second, lines), (third, GRANT))
        hops = [Hop(preflight=answer(GRANT, granted), actual=answer(actual)) for _, actual in pairs]
        steps = tuple(Step(ask=ask, hops=(hop,)) for (ask, _), hop in zip(pairs, hops, strict=True))
        yield Exchange(group="preflight cache", name=f"a blocked {name}", steps=steps)


_ELEMENTS = ("image", "script", "module", "style")


def initiators() -> Iterator[Exchange]:
    """The other ways in which a page can send a request."""
    granted: tuple[Lines, ...] = (GRANT, ANYONE, NULL, (), (f"{ACAO}: {{page}}",), (f"{ACAO}: {{page}}/",))
    modes_ = dict.fromkeys((*_ELEMENTS, "worker"), ("omit", "same-origin", "include"))
    modes_ |= {"events": modes_["worker"][1:], "xhr": modes_["worker"][1:], "font": ("same-origin",)}
    for initiator, modes_of in modes_.items():
        for mode, lines in product(modes_of, (*granted, (f"{ACAO}: *", f"{ACAO}: *"))):
            ask = Ask(initiator=initiator, credentials=mode)
            yield one("initiators", f"{initiator} {mode} {lines}", ask, Hop(actual=answer(lines)))
    for initiator, method, lines in product(("xhr", "worker"), ("PUT", "patch"), granted[:4]):
        for mode in ("same-origin", "include"):
            ask = Ask(initiator=initiator, method=method, headers=(("X-One", "1"),), credentials=mode)
            hop = Hop(preflight=answer(lines, (f"{ACAM}: PUT, PATCH", f"{ACAH}: x-one")), actual=answer(lines))
            yield one("initiators", f"{initiator} {method} {mode} {lines}", ask, hop)


def loads() -> Iterator[Exchange]:
    """Elements, fonts and EventSource with errors, redirects and an opaque origin."""
    for initiator in (*_ELEMENTS, "events", "font"):
        ask = Ask(initiator=initiator)
        for at in ("page", "api"):
            missing = Hop(at=at, actual=answer(GRANT, status="404 Not Found"))
            yield one("loads", f"{initiator} from {at}, status 404", ask, missing)
            for to, lines in product(("api", "other", "page"), (GRANT, ANYONE)):
                yield one("loads", f"{initiator} {at}>{to} {lines}", ask, *way(f"{at}>{to}", lines, first=GRANT))
        for lines in (NULL, ANYONE, ()):
            yield one("loads", f"{initiator} {lines}, opaque", ask, Hop(actual=answer(lines)), opaque=True)


def beacons() -> Iterator[Exchange]:
    """`sendBeacon`, whose result no page can read."""
    types = (None, "text/plain", "application/json", "text/html")
    for kind, lines, at in product(types, (GRANT, ANYONE, ()), ("api", "page")):
        ask = Ask(initiator="beacon", method="POST", credentials="include", body="x", body_type=kind)
        hop = Hop(at=at, preflight=answer(lines, (f"{ACAH}: content-type",)), actual=answer(lines))
        yield one("beacons", f"{kind} {lines} to {at}", ask, hop)
    for lines in (NULL, ()):
        ask = Ask(initiator="beacon", method="POST", credentials="include", body="x")
        yield one("beacons", f"{lines}, opaque", ask, Hop(actual=answer(lines)), opaque=True)


def warm_up() -> Iterator[Exchange]:
    """The first exchange of each page, with the most steps: Firefox caches no preflight before it has sent a few."""
    hop = Hop(preflight=answer(ANYONE, (f"{ACAM}: PUT",)), actual=answer(ANYONE))
    for opaque_ in (False, True):
        steps = (Step(ask=Ask(method="PUT"), hops=(hop,)),) * 5
        yield Exchange(group=WARM_UP, name=str(opaque_), steps=steps, opaque=opaque_)


def locations() -> Iterator[Exchange]:
    """Redirects with several `Location` lines, without one, and with a scheme that is not HTTP."""
    to = Hop(actual=answer(GRANT))
    several = {
        "the same": ("{next}?a", "{next}?a"),
        "another": ("{next}?a", "/b"),
        "another query": ("{next}?a", "{next}?b"),
        "an empty one": ("{next}?a", ""),
    }
    for (name, values), redirect in product(several.items(), ("follow", "error", "manual")):
        hop = Hop(actual=answer(GRANT, lists("Location", values), status="302 Found"))
        yield one("locations", f"one and {name}, {redirect}", Ask(redirect=redirect), hop, to)
    two = ("Location: {next}", "Location: /b")
    yield one("locations", "two of a 200", Ask(), Hop(actual=answer(GRANT, two)), to)
    hop = Hop(preflight=answer(GRANT, ALL, two, status="204 No"), actual=answer(GRANT))
    yield one("locations", "two of a preflight", Ask(headers=(("X-One", "1"),)), hop, to)
    for status, redirect in product((*REDIRECTS, "304 Not"), ("error", "manual")):
        hop = Hop(actual=answer(GRANT, status=status))
        yield one("locations", f"none of {status}, {redirect}", Ask(redirect=redirect), hop)
    for location in ("http:1", "HTTP:1?x", "http:./1#y"):
        hop = Hop(actual=answer(GRANT, (f"Location: {location}",), status="302 Found"))
        yield one("locations", location, Ask(), hop, to)


def failures() -> Iterator[Exchange]:
    """The entries of the preflight cache after a request has failed."""
    put, delete = Ask(method="PUT"), Ask(method="DELETE")
    preflight = answer(GRANT, (f"{ACAM}: PUT", f"{ACMA}: 1000"))
    two = ("Location: {next}", "Location: /b")
    good = Hop(preflight=preflight, actual=answer(GRANT))

    def fails(*lines: str, status: str = "302 Found") -> Hop:
        return Hop(preflight=preflight, actual=answer(GRANT, lines, status=status))

    asked = Hop(preflight=answer(GRANT, two), actual=answer(GRANT))
    for name, ask, hop in (
        ("no response", put, fails(*two, status="200 OK")),
        ("a redirect to nowhere", put, fails("Location: ftp://127.0.0.1/")),
        ("a redirect that is not wanted", replace(put, redirect="error"), fails("Location: {next}")),
        ("no response to a preflight", delete, asked),
    ):
        steps = (Step(ask=put, hops=(good, good)), Step(ask=ask, hops=(hop, good)), Step(ask=put, hops=(good, good)))
        yield Exchange(group="preflight cache", name=f"PUT after {name}", steps=steps)


def matrix() -> list[Exchange]:
    """Return the whole matrix. The name of an exchange is unique in its group."""
    themes = (
        warm_up, origins, credentials, statuses, methods, headers, bodies, exposed, *REDIRECTING, locations, opaque,
        modes, policies, ages, forgotten, failures, initiators, loads, beacons,
    )  # fmt: skip
    seen: Counter[tuple[str, str]] = Counter()
    exchanges = []
    for exchange in (exchange for theme in themes for exchange in theme()):
        name = exchange.name if len(exchange.name) <= 100 else f"{exchange.name[:80]}... of {len(exchange.name)}"
        seen[exchange.group, name] += 1
        again = seen[exchange.group, name]
        exchanges.append(replace(exchange, name=name if again == 1 else f"{name} ({again})"))
    return exchanges
