"""Bytes that no browser sends, over a real socket: they are answered or refused, and never echoed or an exception."""

import pytest

from tests.real.servers.answer import NO_ANSWER
from tests.real.servers.process import SERVERS, Server, assert_log_is_safe
from tests.unit.adapters.asgi.scopes import ORIGIN

_ALLOWED = ORIGIN.encode()
# Every hostile value contains this text, and no response may contain it.
_CANARY = b"canary"
_HOSTILE = {
    "tab inside": _ALLOWED + b"\tcanary",
    "tab and space around another": b"\t https://canary.example \t",
    "space inside": _ALLOWED + b" canary",
    "comma": _ALLOWED + b",https://canary.example",
    "high bytes": b"https://\xff\xfe\x80canary.example",
    "UTF-8": "https://canäry-canary.example".encode(),
    "NUL": _ALLOWED + b"\x00canary",
    "escape": b"\x1b[31mcanary",
    "vertical tab": _ALLOWED + b"\x0bcanary",
    "DEL": _ALLOWED + b"\x7fcanary",
    "bare CR": _ALLOWED + b"\rX-Canary: canary",
    "bare LF": _ALLOWED + b"\nX-Canary: canary",
    "CR LF and a header": _ALLOWED + b"\r\nX-Canary: canary",
    "CR LF and a folded line": _ALLOWED + b"\r\n canary",
    "percent-encoded CR LF": _ALLOWED + b"%0d%0aX-Canary:%20canary",
    "suffix": _ALLOWED + b".canary.example",
    "prefix": b"https://canary.example#" + _ALLOWED,
    "userinfo": b"https://app.example.com@canary.example",
    "wildcard": b"https://*.canary.example",
    "upper case": b"HTTPS://CANARY.EXAMPLE",
    "8 KiB": b"https://canary." + b"a" * 8192,
    "64 KiB": b"https://canary." + b"a" * 65536,
    "64 KiB of allowed ones": b"canary " + b", ".join([_ALLOWED] * 2500),
}
_FIELDS = ["origin", "access-control-request-method", "access-control-request-headers"]


pytestmark = pytest.mark.parametrize("running", [(name, "wrapped") for name in SERVERS], ids="-".join, indirect=True)


def answers_to(name: str, value: bytes) -> set[int]:
    """Return the possible statuses. Only for some bytes a server may end the connection without a response."""
    too_long = len(value) > 16384
    # https://www.rfc-editor.org/rfc/rfc9113#section-8.2.1
    malformed = name == "hypercorn-http2" and any(byte in value for byte in b"\0\r\n")
    return {200, 400, 431, NO_ANSWER} if too_long or malformed else {200, 400, 431}


def assert_unharmed(server: Server) -> None:
    """The server still serves, and its log has no exception, and hostile values only escaped and shortened."""
    assert server.ask("GET", ("origin", ORIGIN)).cors[b"access-control-allow-origin"] == _ALLOWED
    assert_log_is_safe(server.output)


def assert_not_echoed(raw: bytes) -> None:
    """The response contains no part of the hostile value."""
    assert _CANARY not in raw.lower()
    assert not any(byte > 0x7E for byte in raw)


@pytest.mark.parametrize("value", _HOSTILE.values(), ids=_HOSTILE.keys())
def test_a_hostile_origin_is_granted_nothing(server: Server, value: bytes) -> None:
    """It is served as a refused origin or rejected by the server, and no part of it is in the response."""
    answer = server.ask("GET", ("origin", value))
    assert_not_echoed(answer.raw)
    assert answer.status in answers_to(server.name, value)
    # A line break ends the value. What remains is an allowed origin, and a client can send any origin.
    whole = value.replace(b"\n", b"\r").partition(b"\r")[0]
    assert answer.cors.get(b"access-control-allow-origin") in ({None, _ALLOWED} if whole == _ALLOWED else {None})
    assert_unharmed(server)


@pytest.mark.parametrize("field", _FIELDS)
@pytest.mark.parametrize("value", _HOSTILE.values(), ids=_HOSTILE.keys())
def test_a_hostile_preflight_is_answered_without_an_echo(server: Server, field: str, value: bytes) -> None:
    """Hostile bytes in each field that the middleware reads are refused and are not in the response."""
    lines: dict[str, str | bytes] = {"origin": ORIGIN, "access-control-request-method": "PUT", field: value}
    answer = server.ask("OPTIONS", *lines.items())
    assert_not_echoed(answer.raw)
    assert answer.status in answers_to(server.name, value)
    assert answer.cors.get(b"access-control-allow-origin") in {None, _ALLOWED}
    assert_unharmed(server)


@pytest.mark.parametrize("values", [(_ALLOWED, _ALLOWED), (_ALLOWED, b"https://canary.example"), (b"", _ALLOWED)])
def test_two_lines_are_no_origin(server: Server, values: tuple[bytes, bytes]) -> None:
    """Whether a server joins two lines or not, they are not allowed, in a request and in its preflight."""
    lines = [("origin", value) for value in values]
    answer = server.ask("GET", *lines)
    assert (answer.status, answer.cors) == (200, {})
    assert_not_echoed(answer.raw)
    answer = server.ask("OPTIONS", *lines, ("access-control-request-method", "PUT"))
    assert (answer.status, answer.cors) == (400, {})
    assert_not_echoed(answer.raw)
    assert_unharmed(server)
