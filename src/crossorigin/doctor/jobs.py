"""Checks as values that can be sent to another process, and their results. Pure but for `run_job`."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from crossorigin.browser import AsyncTransport, BrowserRequest, EngineName, HttpRequest, HttpResponse
from crossorigin.doctor.app_layers import read_app
from crossorigin.doctor.asking.apps import entrypoint, load, started
from crossorigin.doctor.asking.probe import CannotRunError, network, recording
from crossorigin.doctor.asking.run_checks import Check, check
from crossorigin.doctor.live import live_origins_of, load_origins
from crossorigin.doctor.output.document import Document, document, not_run
from crossorigin.doctor.output.report import report
from crossorigin.doctor.servers import Recognized, recognize_app

if TYPE_CHECKING:
    from crossorigin.doctor.diagnosis import Diagnosis
    from crossorigin.live import LiveOrigins

# Called whenever something has happened, so that another process sees that this one is alive.
OnProgress = Callable[[str], None]
_BROWSERS: tuple[EngineName, ...] = ("chromium", "firefox", "webkit")


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """How a report is shown."""

    width: int
    verbose: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Checks of one app or of URLs.

    `app` is the name of the app to ask in process, empty for the entrypoint of the project, or None to use the network.
    """

    requests: tuple[BrowserRequest, ...]
    app: str | None
    view: View
    timeout: float
    engine: EngineName | None = None
    insecure: bool = False
    probe: bool = False
    exposes: tuple[str, ...] = ()

    def to_json(self) -> Document:
        """Return the job as values that JSON can represent."""
        written = asdict(self)
        for request in written["requests"]:
            body = request["body"]
            request["body"] = None if body is None else base64.b64encode(body).decode()
        return written

    @classmethod
    def from_json(cls, written: Document) -> Job:
        """Return the job of `to_json`."""
        requests = tuple(map(_request_from_json, written["requests"]))
        rest = {name: value for name, value in written.items() if name not in {"requests", "view", "exposes"}}
        return cls(requests=requests, view=View(**written["view"]), exposes=tuple(written["exposes"]), **rest)


def _request_from_json(written: Any) -> BrowserRequest:
    body = written["body"]
    headers = tuple((name, value) for name, value in written["headers"])
    decoded = None if body is None else base64.b64decode(body)
    rest: dict[str, Any] = {**written, "headers": headers, "body": decoded}
    return BrowserRequest(**rest)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The result of one check: its document, and the lines of its report, each with a style."""

    document: Document
    lines: tuple[tuple[str, str], ...] = field(default=())

    @property
    def is_not_run(self) -> bool:
        """Whether the check could not run."""
        return bool(self.document["outcome"] == "not-run")


def result_of(diagnosis: Diagnosis, view: View) -> Result:
    """Return the result of a diagnosis."""
    lines = tuple((line.text, line.style) for line in report(diagnosis, width=view.width, verbose=view.verbose))
    return Result(document=document(diagnosis), lines=lines)


def failure(error: CannotRunError) -> Result:
    """Return the result of a check that could not run."""
    return Result(document=not_run(error.kind, str(error)))


def failures(job: Job, error: CannotRunError) -> list[Result]:
    """Return the results of a job that could not run: one for each of its checks."""
    return [failure(error) for _ in job.requests]


async def run_job(job: Job, progress: OnProgress) -> list[Result]:
    """Run the checks of a job, one after the other. A check that cannot run has a result that says why."""
    if job.app is None:
        transport = network(timeout=job.timeout, insecure=job.insecure)
        return [await _run(job, request, transport, None, progress) for request in job.requests]
    try:
        name = job.app or entrypoint(Path.cwd())
        loaded = load(name, Path.cwd())
        progress("")
        async with started(loaded.app, patience=job.timeout) as transport:
            progress("")
            results: list[Result] = []
            ready: list[LiveOrigins] = []
            for request in job.requests:
                path = urlsplit(request.url).path
                facts = read_app(loaded.source, path=path, method=request.method, name=name, is_made=loaded.is_made)
                for origins in live_origins_of(loaded.source, facts.layers):
                    if origins not in ready:
                        ready.append(origins)
                        progress(await load_origins(origins, patience=job.timeout))
                results.append(await _run(job, request, transport, recognize_app(facts), progress))
            return results
    except CannotRunError as error:
        return failures(job, error)


async def _run(
    job: Job, request: BrowserRequest, transport: AsyncTransport, app: Recognized | None, progress: OnProgress
) -> Result:
    def on_answer(asked: HttpRequest, response: HttpResponse) -> None:
        progress(f"{asked.method} {asked.url}: {response.status}")

    engines = _BROWSERS if job.engine is None else (job.engine,)
    asked = Check(request=request, engines=engines, probe=job.probe, exposes=job.exposes)
    try:
        return result_of(await check(asked, recording(transport, on_answer), app=app), job.view)
    except CannotRunError as error:
        return failure(error)


def results_to_json(results: list[Result]) -> list[Any]:
    """Return results as values that JSON can represent."""
    return [[result.document, list(result.lines)] for result in results]


def results_from_json(written: Any) -> Iterator[Result]:
    """Yield the results of `results_to_json`."""
    for found, lines in cast("list[Any]", written):
        yield Result(document=found, lines=tuple((text, style) for text, style in lines))
