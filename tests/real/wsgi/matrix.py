"""The situations in which a response needs CORS headers, and a table of the results for the documentation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.real.servers.answer import Answer

Ask = Callable[[str, str, dict[str, str]], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """A request, and the status and a part of the body of its response. `status` is 0 if any status is correct."""

    path: str
    method: str = "GET"
    status: int = 200
    body: bytes = b""
    requested: str = ""


SITUATIONS: Mapping[str, Situation] = {
    "200": Situation(path="/ok", body=b"ok"),
    "stream": Situation(path="/stream", body=b"one two"),
    "file": Situation(path="/file", body=b"a static file\n"),
    "static file": Situation(path="/static/file.txt", body=b"a static file\n"),
    "redirect": Situation(path="/redirect", status=302),
    "redirect to a slash": Situation(path="/slash", status=308),
    "401 before the view": Situation(path="/private", status=401),
    "404": Situation(path="/none", status=404),
    "405": Situation(path="/ok", method="POST", status=405),
    "500": Situation(path="/crash", status=500),
    "preflight": Situation(path="/ok", method="OPTIONS", requested="GET", body=b"OK"),
    "preflight before authentication": Situation(path="/private", method="OPTIONS", requested="GET", body=b"OK"),
    "preflight of an unknown path": Situation(path="/none", method="OPTIONS", requested="GET", body=b"OK"),
    "preflight in place of a redirect": Situation(path="/slash", method="OPTIONS", requested="GET", body=b"OK"),
}
# Situations that these frameworks do not have. If a route is restricted to methods, Pyramid and BlackSheep answer
# another method with 404.
ABSENT: Mapping[str, set[str]] = {
    "Bottle": {"redirect to a slash", "preflight in place of a redirect"},
    "BlackSheep": {"redirect to a slash", "preflight in place of a redirect", "405"},
    "Falcon": {"redirect to a slash", "preflight in place of a redirect"},
    "Litestar": {"redirect to a slash", "preflight in place of a redirect"},
    "Litestar, middleware=": {"redirect to a slash", "preflight in place of a redirect"},
    "Sanic": {"redirect to a slash", "preflight in place of a redirect"},
    "Pyramid": {"405"},
    "WSGI": {"redirect to a slash", "preflight in place of a redirect"},
}
# Statuses that differ from the usual ones.
STATUSES: Mapping[tuple[str, str], int] = {
    ("Bottle", "redirect"): 303,
    ("Litestar, middleware=", "preflight of an unknown path"): 404,
    ("Pyramid", "redirect to a slash"): 307,
}
YES, NO, NONE = "yes", "no", "none"


def outcome(name: str, framework: str, ask: Ask, origin: str) -> str:
    """Return whether the page of an allowed origin can read the response to a situation, as a cell of the table."""
    if name in ABSENT.get(framework, set()):
        return NONE
    situation = SITUATIONS[name]
    fields = {"Origin": origin, **({"Access-Control-Request-Method": "GET"} if situation.requested else {})}
    answer = ask(situation.method, situation.path, fields)
    status = STATUSES.get((framework, name), situation.status)
    assert answer.status == status, (framework, name, answer.raw)
    assert situation.body in answer.body or status != situation.status
    allowed = answer.values(b"access-control-allow-origin")
    if not allowed:
        return NO
    assert allowed == [origin.encode()]
    assert any(b"Origin" in value for value in answer.values(b"vary"))
    return YES
