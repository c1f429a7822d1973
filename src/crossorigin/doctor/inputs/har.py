"""HAR files, as the network tools of browsers save them. Pure.

http://www.softwareishard.com/blog/har-12-spec/
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urljoin, urlsplit

from crossorigin.browser import BrowserRequest, HttpResponse
from crossorigin.browser.preflight import REDIRECT_STATUSES
from crossorigin.doctor.inputs.recorded import Recording
from crossorigin.fetch.safelist import is_forbidden

# Headers that browsers set themselves, besides the forbidden ones.
_OF_BROWSER = frozenset(
    {"accept", "accept-encoding", "accept-language", "cache-control", "pragma", "priority", "referer", "user-agent"}
)
_MOST_REDIRECTS = 20
REQUESTED_METHOD = "access-control-request-method"
_REQUESTED_HEADERS = "access-control-request-headers"


def read_har(text: str, part: str = "") -> list[Recording]:
    """Return the cross-origin requests in a HAR file whose URL contains `part`.

    Raises:
        ValueError: It is not a HAR file.
    """
    try:
        entries = json.loads(text.removeprefix("\ufeff"))["log"]["entries"]
        return list(_recordings([entry for entry in entries if part in entry["request"]["url"]]))
    except (KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"Not a HAR file: {type(error).__name__}: {error}") from error


def _recordings(entries: list[Any]) -> Iterator[Recording]:
    asked = [(entry, *_asked(entry)) for entry in entries]
    # Chrome records a preflight after the request for which it is.
    preflights = {
        (url, names[REQUESTED_METHOD]): Recording(
            request=asked_by(url, names["origin"], names), preflight=_response(entry)
        )
        for entry, url, names in asked
        if _is_cross_origin(url, names) and _is_preflight(entry, names)
    }
    used: set[tuple[str, str]] = set()
    followed: set[int] = set()
    for place, (entry, url, names) in enumerate(asked):
        request = entry["request"]
        if place in followed or not _is_cross_origin(url, names) or _is_preflight(entry, names):
            continue
        chain = list(_followed(asked, place))
        followed.update(index for index, _ in chain)
        found = BrowserRequest(
            url=url,
            origin=names["origin"],
            method=request["method"],
            headers=tuple(of_page(_headers(request))),
            credentials="include" if "cookie" in names or request.get("cookies") else "same-origin",
        )
        key = url, request["method"]
        used.add(key)
        preflight = preflights[key].preflight if key in preflights else None
        redirected = {asked[index][1]: response for index, response in chain}
        yield Recording(request=found, preflight=preflight, response=_response(entry), redirected=redirected)
    # Some browsers record only the preflight of a request that they blocked.
    yield from (recording for key, recording in preflights.items() if key not in used)


def _followed(asked: list[tuple[Any, str, dict[str, str]]], place: int) -> Iterator[tuple[int, HttpResponse]]:
    """Yield the places and responses of the requests with which a browser followed the redirects of one request."""
    for _ in range(_MOST_REDIRECTS):
        entry, url, _ = asked[place]
        response = _response(entry)
        location = () if response is None or response.status not in REDIRECT_STATUSES else response.lines("Location")
        if not location:
            return
        target = urljoin(url, location[0].decode("latin-1")).partition("#")[0]
        later = (index for index in range(place + 1, len(asked)) if asked[index][1] == target)
        place = next((index for index in later if not _is_preflight(asked[index][0], asked[index][2])), -1)
        got = None if place < 0 else _response(asked[place][0])
        if got is None:
            return
        yield place, got


def _asked(entry: Any) -> tuple[str, dict[str, str]]:
    """Return the URL and the headers of a recorded request."""
    request = entry["request"]
    return str(request["url"]).partition("#")[0], dict(_lower(_headers(request)))


def _is_preflight(entry: Any, names: Mapping[str, str]) -> bool:
    return entry["request"]["method"] == "OPTIONS" and REQUESTED_METHOD in names


def _is_cross_origin(url: str, names: Mapping[str, str]) -> bool:
    return "origin" in names and url.startswith("http") and not _is_same_origin(url, names["origin"])


def _is_same_origin(url: str, origin: str) -> bool:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower() == origin


def asked_by(url: str, origin: str, names: Mapping[str, str]) -> BrowserRequest:
    """Return the request of a page that a preflight with these headers asked for. The values are not known."""
    listed = [name.strip() for name in names.get(_REQUESTED_HEADERS, "").split(",")]
    # Any value that needs a preflight will do for a header that needs one only because of its value.
    headers = tuple((name, "application/json" if name == "content-type" else "...") for name in listed if name)
    return BrowserRequest(url=url, origin=origin, method=names[REQUESTED_METHOD], headers=headers)


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
