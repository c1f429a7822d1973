"""The response of a real server, over any version of HTTP."""

from dataclasses import dataclass, field

NO_ANSWER = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The response to one request."""

    raw: bytes
    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes
    # Informational responses before it and trailers after it, over HTTP/2.
    hints: list[tuple[bytes, bytes]] = field(default_factory=list)
    trailers: list[tuple[bytes, bytes]] = field(default_factory=list)

    def values(self, name: bytes) -> list[bytes]:
        """Return the values of all lines of a field."""
        return [value for given, value in self.headers if given == name]

    @property
    def cors(self) -> dict[bytes, bytes]:
        """Return the CORS headers. A duplicate name is a failure."""
        lines = [(name, value) for name, value in self.headers if name.startswith(b"access-control-")]
        assert len(dict(lines)) == len(lines), lines
        return dict(lines)


def read(raw: bytes) -> Answer:
    """Read one response of HTTP/1.1, or of HTTP/1.0 from a server that supports nothing newer."""
    head, _, body = raw.partition(b"\r\n\r\n")
    status, *lines = head.split(b"\r\n")
    assert status.startswith((b"HTTP/1.1 ", b"HTTP/1.0 ")), f"no answer: {raw!r}"
    fields = [line.partition(b":") for line in lines]
    headers = [(name.lower(), value.strip()) for name, _, value in fields]
    return Answer(raw=raw, status=int(status.split()[1]), headers=headers, body=body)
