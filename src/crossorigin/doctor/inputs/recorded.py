"""Diagnoses of recorded exchanges. Nothing is sent, and nothing is said about what is not recorded. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from crossorigin.browser import (
    BrowserRequest,
    Engine,
    EngineName,
    HttpRequest,
    HttpResponse,
    PreflightCache,
    Verdict,
    run,
)
from crossorigin.browser.preflight import Question
from crossorigin.doctor.diagnosis import Diagnosis, diagnose


class NotRecordedError(Exception):
    """The recording lacks what a verdict needs. The message says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """The request of a page, and the recorded responses to its preflight and to itself, or None.

    `redirected` are the responses to the same request at the URLs to which it was redirected.
    """

    request: BrowserRequest
    preflight: HttpResponse | None = None
    response: HttpResponse | None = None
    redirected: Mapping[str, HttpResponse] = field(default_factory=dict[str, HttpResponse])


class _PassedPreflight(PreflightCache):
    """A cache for a request that was sent without a recorded preflight: the browser only sends it if that passed."""

    def covers(self, question: Question, engine: Engine, now: float) -> bool:  # noqa: ARG002  # as in the base
        """Return true."""
        return True


def diagnose_recording(recording: Recording, engines: Sequence[EngineName], exposes: Sequence[str]) -> Diagnosis:
    """Return the diagnosis of a recording.

    Raises:
        NotRecordedError: A response that decides is not recorded.
    """
    verdicts = [_verdict(recording, engine) for engine in engines]
    return diagnose(verdicts, exposes=exposes, recorded=True)


def _verdict(recording: Recording, engine: EngineName) -> Verdict:
    def transport(request: HttpRequest) -> HttpResponse:
        url = request.url.partition("#")[0]
        response = recording.preflight if request.preflight else recording.response
        if url != recording.request.url.partition("#")[0]:
            response = None if request.preflight else recording.redirected.get(url)
        if response is None:
            what = "the preflight " if request.preflight else ""
            raise NotRecordedError(f"The response to {what}{request.method} {request.url} is not recorded.")
        return response

    has_passed = recording.preflight is None and recording.response is not None
    cache = _PassedPreflight() if has_passed else None
    return run(recording.request, transport, engine=engine, cache=cache)
