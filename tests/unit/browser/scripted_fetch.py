"""Fetch with scripted responses, one for each request that the browser sends."""

from typing import Any

from crossorigin.browser import BrowserRequest, EngineName, HttpRequest, HttpResponse, PreflightCache, Verdict, run

PAGE = "https://app.example"
API = "https://api.example"
OTHER = "https://other.example"

Lines = list[tuple[str, str]] | dict[str, str]


def answer(status: int = 200, headers: Lines | None = None, /, **named: str) -> HttpResponse:
    """Return a response. `allow_origin="*"` means `Access-Control-Allow-Origin: *`."""
    lines = list((headers or {}).items() if not isinstance(headers, list) else headers)
    lines += [(f"Access-Control-{name.replace('_', '-')}", value) for name, value in named.items()]
    return HttpResponse(status=status, headers=tuple((name.encode(), value.encode("latin-1")) for name, value in lines))


def redirect(location: str, status: int = 307, **named: str) -> HttpResponse:
    """Return a redirect that every page may follow, unless arguments say otherwise."""
    return answer(status, {"Location": location}, **{"allow_origin": "*", **named})


def asked(**fields: Any) -> BrowserRequest:
    """Return the request of the page."""
    return BrowserRequest(**{"url": f"{API}/", "origin": PAGE, **fields})


def fetch(
    *answers: HttpResponse | None,
    engine: EngineName = "standard",
    cache: PreflightCache | None = None,
    now: float = 0.0,
    **fields: Any,
) -> Verdict:
    """Fetch. Every response must be used, and no other request is sent."""
    left = list(answers)

    def transport(request: HttpRequest) -> HttpResponse | None:
        assert left, f"nothing answers {request}"
        return left.pop(0)

    verdict = run(asked(**fields), transport, engine=engine, cache=cache, now=now)
    assert not left, f"never asked for: {left}"
    return verdict


def sent(verdict: Verdict) -> list[tuple[str, dict[str, str]]]:
    """Return the method and the headers of each request that was sent."""
    return [
        (exchange.request.method, {name.decode(): value.decode("latin-1") for name, value in exchange.request.headers})
        for exchange in verdict.exchanges
    ]


def methods(verdict: Verdict) -> list[str]:
    """Return the method of each request that was sent."""
    return [exchange.request.method for exchange in verdict.exchanges]


GRANT = {"allow_origin": "*", "allow_methods": "*", "allow_headers": "*, Authorization"}
