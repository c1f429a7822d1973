"""HAR files, as the network tools of browsers save them. Pure.

http://www.softwareishard.com/blog/har-12-spec/
"""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from crossorigin.browser import BrowserRequest, HttpResponse
from crossorigin.doctor.inputs.recorded import Recording
from crossorigin.fetch.safelist import is_forbidden

# Headers that browsers set themselves, besides the forbidden ones.
_OF_BROWSER = frozenset(
    {"accept", "accept-encoding", "accept-language", "cache-control", "pragma", "priority", "referer", "user-agent"}
)


def read_har(text: str, part: str = "") -> list[Recording]:
    """Return the cross-origin requests in a HAR file whose URL contains `part`.

    Raises:
        ValueError: It is not a HAR file.
    """
    try:
        entries = json.loads(text)["log"]["entries"]
        return list(_recordings([entry for entry in entries if part in entry["request"]["url"]]))
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"Not a HAR file: {type(error).__name__}: {error}") from error


def _recordings(entries: list[Any]) -> Iterator[Recording]:
    preflights: dict[tuple[str, str], HttpResponse | None] = {}
    for entry in entries:
        request, headers = entry["request"], _headers(entry["request"])
        url, names = request["url"].partition("#")[0], dict(_lower(headers))
        origin, asked = names.get("origin"), names.get("access-control-request-method")
        if origin is None or not str(url).startswith("http"):
            continue
        if request["method"] == "OPTIONS" and asked is not None:
            preflights[url, asked] = _response(entry)
            continue
        if _is_same_origin(url, origin):
            continue
        found = BrowserRequest(
            url=url,
            origin=origin,
            method=request["method"],
            headers=tuple(of_page(headers)),
            credentials="include" if "cookie" in names or request.get("cookies") else "same-origin",
        )
        yield Recording(
            request=found, preflight=preflights.pop((url, request["method"]), None), response=_response(entry)
        )


def _is_same_origin(url: str, origin: str) -> bool:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower() == origin


def of_page(headers: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the headers that the page has set."""
    for name, value in headers:
        is_own = name.lower() in _OF_BROWSER or name.startswith(":") or name.lower().startswith("sec-")
        # The value does not matter unless browsers look at it.
        if not is_own and not is_forbidden(name.encode(), value.encode("latin-1", "replace")):
            yield name, value


def _headers(message: Any) -> list[tuple[str, str]]:
    return [(str(header["name"]), str(header["value"])) for header in message["headers"]]


def _lower(headers: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    return ((name.lower(), value) for name, value in headers)


def _response(entry: Any) -> HttpResponse | None:
    """Return the response, or None if it was not recorded, as for blocked requests in Chrome."""
    response = entry["response"]
    if not response["status"]:
        return None
    lines = [
        (name.encode("latin-1", "replace"), line.encode("latin-1", "replace"))
        for name, value in _headers(response)
        if not name.startswith(":")
        # Browsers write several lines of one header as one value with line breaks.
        for line in value.split("\n")
    ]
    return HttpResponse(status=response["status"], headers=tuple(lines))
