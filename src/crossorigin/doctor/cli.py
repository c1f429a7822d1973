"""The command line: `crossorigin check` and `crossorigin explain`, and the group `crossorigin origins`.

Results go to stdout; progress and errors go to stderr. Exit codes: 0 nothing that fails the check, 1 something does,
2 the check could not run.
"""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import suppress
from itertools import pairwise
from typing import Any, cast, get_args

import click
from rich.console import Console
from rich.markdown import Markdown
from rich.text import Text

from crossorigin.browser import BrowserRequest, EngineName
from crossorigin.browser.request import Mode
from crossorigin.doctor.asking.probe import CannotRunError
from crossorigin.doctor.child import run_in_child
from crossorigin.doctor.inputs.read import Inputs, results_of
from crossorigin.doctor.jobs import Job, Result, View, failure, run_job
from crossorigin.doctor.origins.commands import origins
from crossorigin.doctor.output.document import Document, not_run
from crossorigin.doctor.output.formats import WRITERS
from crossorigin.doctor.output.report import Style
from crossorigin.doctor.pages import nearest, page_of
from crossorigin.doctor.targets import read_targets, requests_for
from crossorigin.doctor.wording import clean
from crossorigin.fetch.safelist import is_forbidden

_FAILED = 1
_CANNOT_RUN = 2
_INTERRUPTED = 130
# The width of a report that is not shown in a terminal, and the most in one.
_WIDTH = 80
_WIDEST = 100
_STYLES: dict[Style, str] = {
    "good": "bold green",
    "bad": "bold red",
    "guilty": "yellow",
    "heading": "bold",
    "code": "cyan",
    "plain": "",
    "quiet": "dim",
}
_FILE = click.File("r", encoding="utf-8", errors="replace")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="crossorigin")
def cli() -> None:
    """Show what browsers do with the CORS headers of a server, why, and how to fix it. Edit stored live origins."""
    # Not every encoding has Firefox's quotes, and a replacement of stdout may not have the method.
    with suppress(AttributeError):
        cast("Any", sys.stdout).reconfigure(errors="backslashreplace")


class _Check(click.Command):
    """The command `check`, which prints a document for a usage error, too."""

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """Parse the arguments. The format is looked up first, because an error may precede it."""
        form = _format_in(args)
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.UsageError as error:
            _print_usage_error(error, form)
            raise

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except click.UsageError as error:
            _print_usage_error(error, ctx.params["form"])
            raise


def _format_in(args: Sequence[str]) -> str:
    forms = [after for word, after in pairwise(args) if word == "--format"]
    forms += [word.partition("=")[2] for word in args if word.startswith("--format=")]
    return forms[-1] if forms else "text"


def _print_usage_error(error: click.UsageError, form: str) -> None:
    if form in WRITERS:
        click.echo(WRITERS[form]([not_run("usage", error.format_message())]))


@cli.command("check", cls=_Check)
@click.argument("target", nargs=-1, metavar="[URL... | [MODULE:APP] [PATH...]]")
@click.option("--origin", "origins", multiple=True, help="The origin of the page; may be repeated.")
@click.option("--method", "-X", help="The method; GET, or POST with --data.")
@click.option("--header", "-H", "headers", multiple=True, metavar="'NAME: VALUE'", help="A header that the page sets.")
@click.option("--credentials", is_flag=True, help="The page sends cookies: credentials: 'include'.")
@click.option("--mode", type=click.Choice(get_args(Mode)), default="cors", show_default=True)
@click.option("--data", help="The body, a string.")
@click.option("--exposes", multiple=True, metavar="NAME", help="A response header that the page must be able to read.")
@click.option("--engine", type=click.Choice(get_args(EngineName)), help="One engine instead of three browsers.")
@click.option("--timeout", type=click.FloatRange(0, min_open=True), default=10.0, show_default=True, metavar="SECONDS")
@click.option("--insecure", is_flag=True, help="Skip TLS certificate verification.")
@click.option("--probe", is_flag=True, help="Also try origins that should be refused. Only for servers that you own.")
@click.option("--har", type=_FILE, help="Read the requests from a HAR file; send nothing.")
@click.option("--url", "part", default="", metavar="PART", help="With --har: only URLs that contain this.")
@click.option("--curl", type=_FILE, help="Read the request from a cURL command; send nothing.")
@click.option("--response", type=_FILE, help="Read the response, a block of headers; send nothing.")
@click.option("--console", type=_FILE, help="Explain a console message of a browser; send nothing.")
@click.option("--format", "form", type=click.Choice(["text", *WRITERS]), default="text", show_default=True)
@click.option("--fail-on", type=click.Choice(["blocked", "warning"]), default="blocked", show_default=True)
@click.option("--verbose", "-v", is_flag=True, help="Show all exchanges and the console messages.")
@click.pass_context
def _check(context: click.Context, /, **asked: Any) -> None:
    """Check whether browsers let a page use a server, and print the fix if not.

    A URL is requested over the network, and MODULE:APP in process; with a PATH alone, the app is the entrypoint of
    [tool.fastapi] in pyproject.toml. The request itself is sent, too, if a browser would send it: a DELETE deletes.

    Exit codes: 0 passed, 1 failed, 2 the check could not run.
    """
    results = _results(asked)
    if asked["form"] == "text":
        _print_text(results)
    else:
        _Output().out(WRITERS[asked["form"]]([result.document for result in results]), highlight=False)
    for result in results:
        if result.is_not_run:
            _progress(f"The check could not run: {result.document['error']['message']}")
    context.exit(max(_exit_code(result.document, asked["fail_on"]) for result in results))


def _results(asked: dict[str, Any]) -> list[Result]:
    inputs = Inputs(**{name: _text_of(asked[name]) for name in ("har", "curl", "response", "console")})
    view = View(width=_width(), verbose=asked["verbose"])
    try:
        if inputs.given:
            return results_of(inputs, asked, view)
        target = read_targets(asked["target"])
        requests = requests_for(target.urls, asked["origins"], asked)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    _show_left_out(requests[0])
    if asked["probe"]:
        _progress("Trying origins that should be refused. Do this only to servers that you own.")
    job = Job(
        requests=requests,
        app=target.app,
        view=view,
        timeout=asked["timeout"],
        engine=asked["engine"],
        insecure=asked["insecure"],
        probe=asked["probe"],
        exposes=asked["exposes"],
    )
    return _run(job)


def _run(job: Job) -> list[Result]:
    try:
        if job.app is None:
            return asyncio.run(run_job(job, _progress))
        return run_in_child(job, progress=_progress, on_stderr=_progress)
    except CannotRunError as error:
        return [failure(error)]
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)


def _text_of(file: Any) -> str | None:
    return None if file is None else str(file.read())


def _exit_code(found: Document, fail_on: str) -> int:
    outcome = found["outcome"]
    if outcome == "not-run":
        return _CANNOT_RUN
    failing = {"failed", "message"} if fail_on == "blocked" else {"failed", "message", "warnings"}
    return _FAILED if outcome in failing else 0


def _show_left_out(request: BrowserRequest) -> None:
    for name, value in request.headers:
        if is_forbidden(name.encode(), value.encode("latin-1")):
            _progress(f"{name} is left out: pages cannot set it.")


def _progress(text: str) -> None:
    if text:
        click.echo("\n".join(map(clean, text.splitlines())), err=True)


def _width() -> int:
    console = Console()
    return max(40, min(console.width, _WIDEST)) if console.is_terminal else _WIDTH


class _Output(Console):
    """The output of a check. Its exit code stays the same if the reader leaves early, as `head` does."""

    def on_broken_pipe(self) -> None:
        """Discard the rest. Without this method, the process would end with 1, which means that the check failed."""
        with suppress(SystemExit):
            super().on_broken_pipe()


def _print_text(results: Sequence[Result]) -> None:
    console = _Output(highlight=False, soft_wrap=True)
    shown = [result for result in results if not result.is_not_run]
    for place, result in enumerate(shown):
        if len(shown) > 1:
            request = result.document["request"]
            rule = f"== {request['method']} {request['url']} from {request['origin']}"
            console.print(Text(f"{chr(10) if place else ''}{clean(rule)}", style="bold"))
        for text, style in result.lines:
            console.print(Text(text, style=_STYLES[cast("Style", style)]))


@cli.command("explain")
@click.argument("code")
def _explain(code: str) -> None:
    """Print the page of a CODE: an issue of a policy, a reason of a decision or of a browser, or a finding."""
    page = page_of(code)
    if page is None:
        near = nearest(code)
        hint = f" Nearest: {', '.join(near)}." if near else ""
        raise click.UsageError(f"There is no code {clean(code)}.{hint}")
    console = Console(highlight=False)
    if console.is_terminal:
        console.print(Markdown(page))
    else:
        click.echo(page, nl=False)


cli.add_command(origins)
