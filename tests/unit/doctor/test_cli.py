"""The command: what it takes, what it prints where, and its exit codes."""

import json
import os
import runpy
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from crossorigin import __main__
from crossorigin.doctor import cli
from tests.unit.doctor.command import PAGE, check, folder, run

SCHEMA = json.loads((files("crossorigin.doctor") / "check.schema.json").read_text("utf-8"))
__all__ = ["folder"]


@pytest.mark.parametrize("words", [["main:app", "/items"], ["main:app", "items"], ["/items"]])
def test_an_app_is_checked_in_process(folder: Path, words: list[str]) -> None:
    """The app is named, or is the entrypoint of the project. Its output is not part of the result."""
    result = check(*words)
    assert result.exit_code == 0
    assert result.stdout.startswith("Chrome, Firefox and Safari would allow this: status 200\n")
    assert "imported" not in result.stdout
    assert "asked" not in result.stdout
    assert {"imported", "asked", "GET http://testserver/items: 200"} <= set(result.stderr.splitlines())


def test_the_url_of_an_app_may_be_named(folder: Path) -> None:
    """For one that looks at its host."""
    result = check("main:app", "https://api.example.com/items")
    assert "1. GET https://api.example.com/items\n" in result.stdout


def test_a_path_may_have_a_url_in_it(folder: Path) -> None:
    """Where to go after the login, for one."""
    result = check("main:app", "/items?next=https://app.example.com/")
    assert "1. GET http://testserver/items?next=https://app.example.com/\n" in result.stdout


def test_without_any_words_the_root_of_the_project_is_checked(folder: Path) -> None:
    """A 404 fails the check: a wrong path would otherwise look like success."""
    result = check()
    assert (result.exit_code, "status 404" in result.stdout) == (1, True)
    assert "error-status" in result.stdout


def test_all_that_a_page_can_say_is_said(folder: Path) -> None:
    """The method, headers, a body and credentials are options. With a body, the method is POST."""
    arguments = ["-X", "POST", "-H", "X-Token: 1", "-H", "Content-Type: application/json", "--data", "{}"]
    result = check("/items", *arguments, "--format", "json")
    told = json.loads(result.stdout)
    assert result.exit_code == 0
    assert told["request"]["headers"] == ["X-Token", "Content-Type"]
    assert [exchange["method"] for exchange in told["exchanges"]] == ["OPTIONS", "POST"]
    told = json.loads(check("/items", "--data", "a", "--credentials", "--format", "json").stdout)
    assert [exchange["method"] for exchange in told["exchanges"]] == ["POST"]
    assert told["reason"]["code"] == "invalid-allow-credentials"


def test_a_refused_page_is_an_exit_code(folder: Path) -> None:
    """A page that is refused."""
    refused = check("/items", origin="https://evil.example")
    assert refused.exit_code == 1
    assert 'allow_origins=["https://app.example.com", "https://evil.example"],' in refused.stdout
    assert "In app.add_middleware(CORSMiddleware, ...), set:" in refused.stdout


def test_one_engine_can_be_asked(folder: Path) -> None:
    """It replaces the three browsers."""
    result = check("/items", "--engine", "webkit", "--mode", "no-cors")
    assert result.stdout.startswith("Safari would allow this, but the page cannot read the response\n")


def test_what_no_page_can_set_is_reported(folder: Path) -> None:
    """Such a header is not sent, as in browsers, and a message says so."""
    result = check("/items", "-H", "Cookie: a=b")
    assert "Cookie is left out: pages cannot set it.\n" in result.stderr
    assert "Cookie" not in result.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["localhost:8000/items"],
            "localhost:8000/items is neither a URL nor an app: write http://localhost:8000/items",
        ),
        (["main"], "main is neither a URL nor an app"),
        (["file:///etc/passwd"], "file:///etc/passwd is not an http or https URL"),
        (["http://a.example", "/items"], "/items: write the path as part of the URL"),
        (["main:app", "/items", "other:app"], "other:app: write the app before its paths, and only one app"),
        (["http://"], "Invalid URL 'http://': browsers cannot fetch it"),
        (["/items", "-H", "X-Token"], "'X-Token' is not a header: write 'Name: value'"),
        (["/items", "-X", "GET", "--data", "a"], "A GET request cannot have a body"),
        (["/items", "--timeout", "0"], "0.0 is not in the range x>0"),
    ],
)
def test_what_cannot_be_asked_is_a_usage_error(folder: Path, words: list[str], message: str) -> None:
    """The message says what to write instead."""
    result = check(*words)
    assert (result.exit_code, result.stdout) == (2, "")
    assert message in result.stderr


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_check_that_cannot_run_says_why(form: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message is on stderr. With JSON, there is also one document."""
    monkeypatch.chdir(tmp_path)
    result = check("/items", "--format", form)
    assert result.exit_code == 2
    assert result.stderr.startswith("The check could not run: Name the app: there is no pyproject.toml in this folder.")
    if form == "text":
        assert result.stdout == ""
    else:
        told = json.loads(result.stdout)
        Draft202012Validator(SCHEMA).validate(told)
        assert told["error"]["kind"] == "usage"


def test_an_app_that_ends_the_process_is_no_finding(folder: Path) -> None:
    """And nothing is allowed by it."""
    result = check("/end")
    assert (result.exit_code, result.stdout) == (2, "")
    assert "The check could not run: The app ended the process.\n" in result.stderr


def test_what_a_child_of_an_app_prints_is_no_part_of_the_result(folder: Path) -> None:
    """It writes to the same terminal as the app."""
    done = process("check", "/child", "--origin", PAGE, "--format", "json")
    assert json.loads(done.stdout)["outcome"] == "clean"
    assert "from a child" in done.stderr.splitlines()


def test_ctrl_c_has_its_own_exit_code(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is neither a finding nor an error."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "run_in_child", interrupted)
    assert check("/items").exit_code == 130


def test_a_missing_origin_gets_the_usual_ones_proposed() -> None:
    """The origin of a dev server is the one that people look for."""
    result = run("check", "http://localhost:8000/items")
    assert result.exit_code == 2
    assert "http://localhost:5173 (Vite)" in result.stderr


def test_in_a_codespace_the_origin_of_its_page_is_proposed_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """The browser is elsewhere, so its page is not on localhost."""
    monkeypatch.setenv("CODESPACE_NAME", "fuzzy-robot-7x9")
    monkeypatch.delenv("GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN", raising=False)
    result = run("check", "http://localhost:8000/items")
    proposed = "https://fuzzy-robot-7x9-5173.app.github.dev (Vite in this codespace), http://localhost:5173 (Vite)"
    assert proposed in result.stderr


@pytest.mark.parametrize(
    ("origin", "right"),
    [
        ("http://localhost:5173/", "write http://localhost:5173"),
        ("https://App.example.com:443/path", "write https://app.example.com"),
        ("localhost:5173", "write http://localhost:5173"),
        ("?", "write scheme://host[:port]"),
    ],
)
def test_a_wrong_origin_gets_the_right_one_proposed(origin: str, right: str) -> None:
    """With a format, there is a document too."""
    result = run("check", "http://localhost:8000/items", "--origin", origin, "--format", "json")
    assert result.exit_code == 2
    assert right in json.loads(result.stdout)["error"]["message"]


@pytest.mark.parametrize("words", [["--no-such-option"], ["--engine", "x"], ["--timeout", "0"]])
def test_every_usage_error_has_a_document(words: list[str]) -> None:
    """A step that reads stdout never gets an empty one."""
    result = run("check", "http://localhost:8000/", "--format=json", *words)
    told = json.loads(result.stdout)
    Draft202012Validator(SCHEMA).validate(told)
    assert (result.exit_code, told["error"]["kind"]) == (2, "usage")


def test_several_origins_and_paths_are_several_checks(folder: Path) -> None:
    """Each has its own report, and the worst one decides the exit code."""
    words = ["main:app", "/items", "/child", "--origin", PAGE, "--origin", "https://evil.example"]
    result = run("check", *words)
    assert result.exit_code == 1
    assert result.stdout.count("== GET http://testserver/") == 4
    told = json.loads(run("check", *words, "--format", "json").stdout)
    Draft202012Validator(SCHEMA).validate(told)
    assert [found["outcome"] for found in told["checks"]] == ["clean", "failed", "clean", "failed"]
    assert told["outcome"] == "failed"


def test_warnings_fail_a_check_only_on_request(folder: Path) -> None:
    """A header that the page cannot read is a warning, and with --exposes an error."""
    words = ["main:app", "/file"]
    assert check(*words).exit_code == 0
    assert check(*words, "--fail-on", "warning").exit_code == 1
    assert check(*words, "--exposes", "Content-Disposition").exit_code == 1


def test_a_page_is_printed() -> None:
    """As it is written."""
    result = run("explain", "origin-trailing-slash")
    assert result.exit_code == 0
    assert result.stdout.startswith("# `origin-trailing-slash`: ")


def test_an_unknown_code_leads_to_its_neighbors() -> None:
    """If it has any."""
    result = run("explain", "origin-traling-slash")
    assert result.exit_code == 2
    assert "There is no code origin-traling-slash. Nearest: origin-trailing-slash" in result.stderr
    assert "There is no code ???.\n" in run("explain", "???").stderr


def test_the_command_is_the_module(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Both names run the same."""
    monkeypatch.setattr(sys, "argv", ["crossorigin", "explain", "missing-vary"])
    monkeypatch.delitem(sys.modules, "crossorigin.__main__")
    with pytest.raises(SystemExit) as ended:
        runpy.run_module("crossorigin", run_name="__main__")
    assert not ended.value.code
    assert capsys.readouterr().out.startswith("# `missing-vary`")


def test_without_the_extra_the_command_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command loads no module of the extra."""
    monkeypatch.setattr(__main__, "find_spec", lambda name: None if name in {"click", "rich"} else name)
    assert __main__.main() == 2
    said = capsys.readouterr().err
    assert said == "The crossorigin command needs click, rich. Run: pip install 'crossorigin[cli]'\n"


def process(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a process, on a simulated terminal if the environment says so."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "crossorigin", *arguments],
        env={**{name: value for name, value in os.environ.items() if name != "NO_COLOR"}, **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )


def test_a_process_reports(folder: Path) -> None:
    """The result is on stdout and the progress on stderr, without color if they are not terminals."""
    done = process("check", "main:app", "/items", "--origin", "https://evil.example")
    assert (done.returncode, done.stdout.splitlines()[0]) == (
        1,
        "Chrome, Firefox and Safari would block this: missing-allow-origin-header",
    )
    assert "GET http://testserver/items: 200" in done.stderr.splitlines()
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize(("origin", "code"), [(PAGE, 0), ("https://evil.example", 1)])
def test_a_reader_that_leaves_early_does_not_change_the_result(folder: Path, form: str, origin: str, code: int) -> None:
    """A pipe to `head` must not make a check fail that passes."""
    reading, writing = os.pipe()
    os.close(reading)
    words = ["check", "main:app", "/items", "--origin", origin, "--format", form]
    done = subprocess.run(
        [sys.executable, "-m", "crossorigin", *words], stdout=writing, stderr=subprocess.PIPE, check=False, timeout=60
    )
    os.close(writing)
    assert (done.returncode, b"Error" in done.stderr) == (code, False), done.stderr


def test_what_the_output_has_no_letters_for_is_escaped(folder: Path) -> None:
    """Firefox's quotes are not in every encoding."""
    done = process("check", "/items", "-v", "--origin", "https://evil.example", PYTHONIOENCODING="latin-1")
    assert done.returncode == 1
    assert r"\u2018Access-Control-Allow-Origin\u2019" in done.stdout


@pytest.mark.parametrize(("no_color", "colored"), [("", True), ("1", False)])
def test_a_terminal_gets_colors_unless_it_wants_none(folder: Path, no_color: str, *, colored: bool) -> None:
    """And the lines of a narrow one are broken."""
    environment = {"FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": "60", "NO_COLOR": no_color}
    done = process("check", "main:app", "/items", "--origin", "https://evil.example", **environment)
    # Bold text is not a color.
    assert ("\x1b[1;31m" in done.stdout) is colored
    assert ("\x1b[36m" in done.stdout) is colored
    assert "\n   A CORS layer answers, but it does not list\n" in done.stdout


def test_a_terminal_gets_a_page_that_is_set() -> None:
    """Without the marks of Markdown."""
    result = CliRunner(env={"FORCE_COLOR": "1", "COLUMNS": "80"}).invoke(cli.cli, ["explain", "missing-vary"])
    assert result.exit_code == 0
    assert "missing-vary" in result.stdout
    assert "# `" not in result.stdout


def test_importing_the_package_loads_nothing_of_the_command() -> None:
    """Servers do not load the modules of the command."""
    program = "import sys, crossorigin; print(sorted({'click', 'rich', 'httpx2'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == "[]\n"
