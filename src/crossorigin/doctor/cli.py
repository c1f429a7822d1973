"""The command line: `crossorigin check` and `crossorigin explain`.

Results go to stdout, what is going on and what went wrong to stderr. Exit codes: 0 allowed and nothing to say, 1 there
are findings, 2 it could not run.
"""

import asyncio
import json
import os
import sys
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, cast, get_args

import click
from rich.console import Console
from rich.markdown import Markdown
from rich.text import Text

from crossorigin.browser import ASGIApp, BrowserRequest, EngineName, HttpRequest, HttpResponse
from crossorigin.browser.request import Mode
from crossorigin.doctor.apps import entrypoint, load, started
from crossorigin.doctor.diagnosis import Diagnosis
from crossorigin.doctor.document import Document, document, not_run
from crossorigin.doctor.pages import nearest, page_of
from crossorigin.doctor.probe import CannotRunError, network, recording
from crossorigin.doctor.report import Style, report
from crossorigin.doctor.run_checks import Check, check
from crossorigin.doctor.servers import recognize_app
from crossorigin.doctor.wording import clean
from crossorigin.fetch.safelist import is_forbidden

_FINDINGS = 1
_CANNOT_RUN = 2
_INTERRUPTED = 130
_STDOUT, _STDERR = 1, 2
# Where nobody sees the lines, and on screens that are wider than anyone reads.
_WIDTH = 100
_BROWSERS: tuple[EngineName, ...] = ("chromium", "firefox", "webkit")
# The host of an app that is asked in process, as in Starlette's and FastAPI's TestClient.
_BASE_URL = "http://testserver"
# What fetch sends with a body that is a string.
_TEXT = "text/plain;charset=UTF-8"
_STYLES: dict[Style, str] = {
    "good": "bold green",
    "bad": "bold red",
    "guilty": "yellow",
    "heading": "bold",
    "code": "cyan",
    "plain": "",
    "quiet": "dim",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """Hold what is asked: a URL, and the app that answers it where none is asked over the network.

    An empty name stands for the entrypoint of the project.
    """

    url: str
    app: str | None = None


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="crossorigin")
def cli() -> None:
    """Say what a browser does with the CORS of a server, and why."""
    # Firefox's quotes are not in every encoding; what stands in for stdout may have none.
    with suppress(AttributeError):
        cast("Any", sys.stdout).reconfigure(errors="backslashreplace")


@cli.command("check")
@click.argument("target", nargs=-1, metavar="[URL | [MODULE:APP] [PATH]]")
@click.option("--origin", required=True, help="The origin of the page, such as https://app.example.com.")
@click.option("--method", "-X", help="The method; GET, or POST with --data.")
@click.option("--header", "-H", "headers", multiple=True, metavar="'NAME: VALUE'", help="A header that the page sets.")
@click.option("--credentials", is_flag=True, help="The page asks with its cookies: credentials: 'include'.")
@click.option("--mode", type=click.Choice(get_args(Mode)), default="cors", show_default=True)
@click.option("--data", help="The body, a string.")
@click.option("--engine", type=click.Choice(get_args(EngineName)), help="One engine in place of three browsers.")
@click.option("--timeout", type=click.FloatRange(0, min_open=True), default=10.0, show_default=True, metavar="SECONDS")
@click.option("--insecure", is_flag=True, help="Accept a certificate that nobody vouches for.")
@click.option("--probe", is_flag=True, help="Also try origins that should be refused. For servers that you own.")
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_context
def _check(  # noqa: PLR0917  # click passes them by name
    context: click.Context,
    target: tuple[str, ...],
    origin: str,
    method: str | None,
    headers: tuple[str, ...],
    credentials: bool,  # noqa: FBT001  # click passes it by name
    mode: Mode,
    data: str | None,
    engine: EngineName | None,
    timeout: float,
    insecure: bool,  # noqa: FBT001  # click passes it by name
    probe: bool,  # noqa: FBT001  # click passes it by name
    form: str,
) -> None:
    """Ask as a page would, and say what a browser makes of the answers.

    A URL is asked over the network; an app, or the entrypoint of [tool.fastapi] in pyproject.toml, in process. The
    request itself is sent too, where a browser would send it: a DELETE deletes.

    Exit codes: 0 allowed and nothing to say, 1 findings, 2 it could not run.
    """
    try:
        found = _target(target)
        request = BrowserRequest(
            url=found.url,
            origin=origin,
            method=method or ("GET" if data is None else "POST"),
            headers=tuple(map(_header, headers)),
            credentials="include" if credentials else "same-origin",
            mode=mode,
            body=None if data is None else data.encode(),
            content_type=None if data is None else _TEXT,
        )
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    _tell_left_out(request)
    asked = Check(request=request, engines=_BROWSERS if engine is None else (engine,), probe=probe)
    if probe:
        _progress("Trying origins that should be refused: do this to servers that you own.")
    try:
        with _stdout_kept():
            app = None if found.app is None else load(found.app or entrypoint(Path.cwd()), Path.cwd())
            diagnosis = asyncio.run(_ask(asked, app, patience=timeout, insecure=insecure))
    except CannotRunError as error:
        _cannot_run(context, error, form)
    except KeyboardInterrupt:
        context.exit(_INTERRUPTED)
    except SystemExit:
        _cannot_run(context, CannotRunError("app", "The app ended the process."), form)
    if form == "json":
        _print_json(document(diagnosis))
    else:
        _print_text(diagnosis)
    context.exit(0 if diagnosis.clean else _FINDINGS)


async def _ask(asked: Check, app: ASGIApp | None, *, patience: float, insecure: bool) -> Diagnosis:
    if app is None:
        return await check(asked, recording(network(timeout=patience, insecure=insecure), _tell_answer))
    async with started(app, patience=patience) as transport:
        return await check(asked, recording(transport, _tell_answer), app=recognize_app(app))


@contextmanager
def _stdout_kept() -> Generator[None]:
    """Send what an app and its child processes print to stderr: it is no part of the result."""
    with redirect_stdout(sys.stderr), ExitStack() as ends:
        # Either may be closed.
        with suppress(OSError):
            kept = os.dup(_STDOUT)
            ends.callback(os.close, kept)
            ends.callback(os.dup2, kept, _STDOUT)
            os.dup2(_STDERR, _STDOUT)
        yield


def _cannot_run(context: click.Context, error: CannotRunError, form: str) -> NoReturn:
    if form == "json":
        _print_json(not_run(error.kind, str(error)))
    _progress(f"It could not run: {error}")
    context.exit(_CANNOT_RUN)


def _target(words: tuple[str, ...]) -> _Target:
    """Read what is asked.

    Raises:
        ValueError: Nothing can be asked so.
    """
    first, *others = words or ("/",)
    if len(others) > 1:
        raise ValueError(f"{' '.join(others[1:])}: one URL, or an app and a path")
    if _is_url(first):
        if others:
            raise ValueError(f"{others[0]}: a URL has its path in it")
        return _Target(url=first)
    if first.startswith("/"):
        if others:
            raise ValueError(f"{first} {others[0]}: the app stands before the path")
        return _Target(url=_BASE_URL + first, app="")
    if "://" in first:
        raise ValueError(f"{first} is no URL of http or https")
    module, colon, attribute = first.partition(":")
    if not colon or not all(part.isidentifier() for part in f"{module}.{attribute}".split(".")):
        raise ValueError(f"{first} is no URL and no app: write http://{first}, or module:app")
    path = others[0] if others else "/"
    return _Target(url=path if _is_url(path) else f"{_BASE_URL}/{path.removeprefix('/')}", app=first)


def _is_url(word: str) -> bool:
    return word.lower().startswith(("http://", "https://"))


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon:
        raise ValueError(f"{line!r} is no header: write 'Name: value'")
    return name.strip(), value.strip()


def _tell_left_out(request: BrowserRequest) -> None:
    for name, value in request.headers:
        if is_forbidden(name.encode(), value.encode("latin-1")):
            _progress(f"{name} is left out: no page can set it, its browser does.")


def _tell_answer(request: HttpRequest, response: HttpResponse) -> None:
    _progress(f"{request.method} {request.url}: {response.status}")


def _progress(text: str) -> None:
    click.echo("\n".join(map(clean, text.splitlines())), err=True)


def _print_json(told: Document) -> None:
    click.echo(json.dumps(told, indent=2, ensure_ascii=True))


def _print_text(diagnosis: Diagnosis) -> None:
    console = Console(highlight=False, soft_wrap=True)
    width = min(console.width, _WIDTH) if console.is_terminal else _WIDTH
    for line in report(diagnosis, width=width):
        console.print(Text(line.text, style=_STYLES[line.style]))


@cli.command("explain")
@click.argument("code")
def _explain(code: str) -> None:
    """Print the page of a CODE: of an issue, of a decision's reason, of a browser's, or of a finding."""
    page = page_of(code)
    if page is None:
        near = nearest(code)
        said = f" Nearest: {', '.join(near)}." if near else ""
        raise click.UsageError(f"There is no code {clean(code)}.{said}")
    console = Console(highlight=False)
    if console.is_terminal:
        console.print(Markdown(page))
    else:
        click.echo(page, nl=False)
