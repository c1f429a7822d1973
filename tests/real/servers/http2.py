"""An HTTP/2 client with prior knowledge that sends header lines unchanged, valid or invalid."""

import socket
from contextlib import suppress
from functools import partial

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    Event,
    InformationalResponseReceived,
    ResponseReceived,
    StreamEnded,
    StreamReset,
    TrailersReceived,
)

from tests.real.servers.answer import NO_ANSWER, Answer

Lines = list[tuple[bytes, bytes]]


class Client:
    """One connection with consecutive requests."""

    def __init__(self, port: int, patience: float) -> None:
        """Connect."""
        self._socket = socket.create_connection(("127.0.0.1", port), patience)
        sending = H2Configuration(header_encoding=None, validate_outbound_headers=False)
        self._connection = H2Connection(sending)
        # The Huffman coding of long values in Python would take most of the time of the tests.
        encoder = self._connection.encoder
        encoder.encode = partial(encoder.encode, huffman=False)
        self._connection.initiate_connection()

    def close(self) -> None:
        """End the connection."""
        self._socket.close()

    def ask(self, method: bytes, path: bytes, lines: Lines) -> Answer:
        """Send one request. Return its response, or None if the server ends the stream or the connection."""
        stream = self._connection.get_next_available_stream_id()
        pseudo = [(b":method", method), (b":path", path), (b":scheme", b"http"), (b":authority", b"localhost")]
        self._connection.send_headers(stream, [*pseudo, *lines], end_stream=True)
        events: list[Event] = []
        with suppress(BrokenPipeError, ConnectionResetError):
            self._socket.sendall(self._connection.data_to_send())
            while not _is_over(events) and (data := self._socket.recv(65536)):
                events += self._connection.receive_data(data)
                self._socket.sendall(self._connection.data_to_send())
        return _read(events)


def _is_over(events: list[Event]) -> bool:
    return any(isinstance(event, StreamEnded | StreamReset | ConnectionTerminated) for event in events)


def _read(events: list[Event]) -> Answer:
    headers = _lines(events, ResponseReceived)
    hints, trailers = _lines(events, InformationalResponseReceived), _lines(events, TrailersReceived)
    body = b"".join(event.data for event in events if isinstance(event, DataReceived))
    told = [b": ".join(line) for line in (*hints, *headers, *trailers)]
    return Answer(
        raw=b"\r\n".join([*told, body]),
        status=int(dict(headers).get(b":status", NO_ANSWER)),
        headers=[line for line in headers if not line[0].startswith(b":")],
        body=body,
        hints=hints,
        trailers=trailers,
    )


def _lines(
    events: list[Event], kind: type[ResponseReceived | InformationalResponseReceived | TrailersReceived]
) -> Lines:
    return [(bytes(name), bytes(value)) for event in events if isinstance(event, kind) for name, value in event.headers]
