"""The pages about installation and compatibility name the packages and versions of the project."""

import re
import tomllib

from tests.meta.docs.documents import ROOT, rows_of

INSTALLATION = ROOT / "docs" / "installation.md"
COMPATIBILITY = ROOT / "docs" / "compatibility.md"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def locked(name: str, lock: str) -> str:
    """Return the version of a package in a lock file; the newest if Python decides."""
    found = re.findall(rf"^{name}==([\w.]+)", (ROOT / "requirements" / lock).read_text("utf-8"), flags=re.MULTILINE)
    return str(found[-1])


def name_of(requirement: str) -> str:
    """Return the name of a required package."""
    return re.split(r"[<>=]", requirement)[0]


def test_the_table_of_extras_is_that_of_the_package() -> None:
    """Each extra has a row with the packages that it installs, after the row without an extra."""
    extras = {"none": PROJECT["dependencies"], **PROJECT["optional-dependencies"]}
    assert [(row["Extra"], row["Installs"].split(", ")) for row in rows_of(INSTALLATION, "Extra")] == [
        (extra, [name_of(requirement) for requirement in requirements]) for extra, requirements in extras.items()
    ]


def test_the_commands_work_in_their_order() -> None:
    """The environment is created and activated before the first `pip install`, because Debian has no other pip."""
    commands = re.findall(r"^```sh\n(.*?)^```$", INSTALLATION.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert commands[0] == "python3 -m venv .venv\n. .venv/bin/activate\n"
    assert commands[1].startswith("pip install ")


def test_the_name_of_the_wheel_has_the_version() -> None:
    """The command installs the wheel that the command above it builds."""
    text = INSTALLATION.read_text("utf-8")
    assert set(re.findall(r"crossorigin-([\d.]+)-py3", text)) == {PROJECT["version"]}


def test_the_supported_versions_are_the_tested_ones() -> None:
    """The oldest and newest releases are those of the lock files, and so are the servers."""
    rows = {row["What"].partition(",")[0]: row for row in rows_of(COMPATIBILITY, "What")}
    assert rows["Python"]["Supported"].startswith(PROJECT["requires-python"].removeprefix(">="))
    for name in ("Starlette", "FastAPI", "Flask"):
        package = name.lower()
        assert rows[name]["Supported"] == f"{locked(package, 'oldest.txt')} to {locked(package, 'dev.txt')}"
    assert locked("pydantic-settings", "oldest.txt") in rows["pydantic-settings"]["Tested"]
    for name in ("pydantic", "pydantic-settings"):
        assert rows[name]["Tested"].endswith(locked(name, "dev.txt"))
    for row in rows_of(COMPATIBILITY, "Server"):
        assert row["Tested"] == locked(row["Server"], "dev.txt")
    for server in ("gunicorn", "waitress"):
        assert f"{server} {locked(server, 'dev.txt')}" in COMPATIBILITY.read_text("utf-8")


def test_the_security_policy_names_the_version() -> None:
    """The table of supported versions contains the current one."""
    minor = PROJECT["version"].rpartition(".")[0]
    assert f"{minor}.x" in [row["Version"] for row in rows_of(ROOT / "SECURITY.md", "Version")]
