"""The results of checks that read what people have instead of making requests. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from shlex import quote
from typing import Any

from crossorigin.browser import BrowserRequest, EngineName, advice
from crossorigin.doctor.asking.probe import CannotRunError
from crossorigin.doctor.inputs.console import Message, read_console
from crossorigin.doctor.inputs.curl import read_curl
from crossorigin.doctor.inputs.har import read_har
from crossorigin.doctor.inputs.recorded import NotRecordedError, Recording, diagnose_recording
from crossorigin.doctor.inputs.response import read_response
from crossorigin.doctor.jobs import Result, View, failure, result_of
from crossorigin.doctor.output.document import SCHEMA_VERSION, Document
from crossorigin.doctor.output.report import message_report
from crossorigin.doctor.targets import read_targets, requests_for

_BROWSERS: tuple[EngineName, ...] = ("chromium", "firefox", "webkit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The texts that were given, each None if it was not."""

    har: str | None
    curl: str | None
    response: str | None
    console: str | None

    @property
    def given(self) -> list[str]:
        """The names of the texts that were given."""
        return [name for name in ("har", "curl", "response", "console") if getattr(self, name) is not None]


def results_of(inputs: Inputs, asked: Mapping[str, Any], view: View) -> list[Result]:
    """Return the results for the given texts. Nothing is sent.

    Raises:
        ValueError: A text cannot be read, or the texts do not go together.
    """
    if inputs.given not in (["har"], ["curl"], ["response"], ["console"], ["curl", "response"]):
        raise ValueError(f"--{' and --'.join(inputs.given)} cannot be used together")
    if inputs.console is not None:
        return [_of_console(inputs.console, view)]
    return [_diagnosed(recording, asked, view) for recording in _recordings(inputs, asked)]


def _recordings(inputs: Inputs, asked: Mapping[str, Any]) -> Sequence[Recording | CannotRunError]:
    if inputs.har is not None:
        found = read_har(inputs.har, asked["part"])
        if not found:
            raise ValueError("The HAR file has no cross-origin request with an Origin header" + _where(asked["part"]))
        return found
    try:
        request = _request(inputs, asked)
        if inputs.response is None:
            return [Recording(request=request)]
        return [read_response(inputs.response, request)]
    except NotRecordedError as error:
        return [CannotRunError("not-recorded", str(error))]


def _where(part: str) -> str:
    return f" and {part!r} in its URL" if part else ""


def _request(inputs: Inputs, asked: Mapping[str, Any]) -> BrowserRequest:
    origins: Sequence[str] = asked["origins"]
    if inputs.curl is not None:
        return read_curl(inputs.curl, origins[0] if origins else None)
    return requests_for(read_targets(asked["target"]).urls, origins, dict(asked))[0]


def _diagnosed(recording: Recording | CannotRunError, asked: Mapping[str, Any], view: View) -> Result:
    if isinstance(recording, CannotRunError):
        return failure(recording)
    engines = _BROWSERS if asked["engine"] is None else (asked["engine"],)
    try:
        return result_of(diagnose_recording(recording, engines, asked["exposes"]), view)
    except NotRecordedError as error:
        return failure(CannotRunError("not-recorded", f"{error} {_command(recording.request)}"))


def _command(request: BrowserRequest) -> str:
    """Return the command that sends the request. Values of headers may be secret, and are left out."""
    words = list(_words(request))
    return f"To send the request: {' '.join(words)}"


def _words(request: BrowserRequest) -> Iterator[str]:
    # The texts come from a recording, and people paste the command into a shell.
    yield f"crossorigin check {quote(request.url)} --origin {quote(request.origin)}"
    if request.method != "GET":
        yield f"-X {quote(request.method)}"
    for name, value in request.headers:
        shown = value if name.lower() == "content-type" else "..."
        yield f"-H {quote(f'{name}: {shown}')}"
    if request.includes_credentials:
        yield "--credentials"


def _of_console(text: str, view: View) -> Result:
    message = read_console(text)
    if message is None:
        error = "This is not a console message about CORS that is known. Paste the whole message."
        return failure(CannotRunError("not-recorded", error))
    lines = tuple((line.text, line.style) for line in message_report(message.reason, _next(message), view.width))
    return Result(document=_document(message), lines=lines)


def _next(message: Message) -> str:
    url, origin = message.url or "URL", message.origin or "ORIGIN"
    return f"crossorigin check {quote(url)} --origin {quote(origin)}"


def _document(message: Message) -> Document:
    advised = advice(message.reason)
    return {
        "schema_version": SCHEMA_VERSION,
        "outcome": "message",
        "reason": {"code": str(message.reason), "meaning": advised.meaning},
        "fix": {"text": advised.fix},
        "url": message.url,
        "origin": message.origin,
        "check": _next(message),
    }
