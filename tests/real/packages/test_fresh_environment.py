"""The wheel and the source distribution work in a fresh environment, with each extra, as a user installs them.

pip gets the dependencies from `build/wheels`, so the tests need no network, and a dependency that is not declared is
missing.
"""

import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
WHEELS = ROOT / "build" / "wheels"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
_PATIENCE = 120
_CACHES = {"__pycache__", ".hypothesis", ".pytest_cache", ".venv"}

_POLICY = "from crossorigin import CORSMiddleware, Policy\npolicy = Policy(allow_origins=['https://app.example.com'])\n"
# A program for each extra, and a text that its output must contain.
PROGRAMS = {
    "": (
        f"""{_POLICY}
from crossorigin.browser import run
from crossorigin.settings import policy_from_env
from crossorigin.testing import Page
policy_from_env()
print(policy.explain("PUT", "https://app.example.com"))
""",
        "method-not-listed",
    ),
    "cli": (
        """
import subprocess, sys
command = sys.executable.replace("bin/python", "bin/crossorigin")
sys.exit(subprocess.run([command, "explain", "missing-allow-origin-header"]).returncode)
""",
        "What the console says",
    ),
    "otel": (
        f"""{_POLICY}
from crossorigin.telemetry.otel import on_decision
print(CORSMiddleware(print, policy=policy, on_decision=on_decision))
""",
        "CORSMiddleware",
    ),
    "postgres": (
        """
from crossorigin import LiveOrigins
print(LiveOrigins.open("postgresql://app@db.example/app"))
""",
        "LiveOrigins: postgresql",
    ),
    "settings": (
        """
from crossorigin.settings.pydantic import Origins
from pydantic_settings import BaseSettings
class Settings(BaseSettings):
    origins: Origins
print(Settings(origins="https://app.example.com https://admin.example.com"))
""",
        "https://admin.example.com",
    ),
}
# Without the extra, these programs must end with the command that installs it.
MISSING = {
    "cli": "Run: pip install 'crossorigin[cli]'",
    "otel": "pip install 'crossorigin[otel]'",
    "postgres": "pip install 'crossorigin[postgres]'",
    "settings": "pip install 'crossorigin[settings]'",
}


def run(*command: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command and return its output."""
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=_PATIENCE)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source distribution, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    finished = run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    assert finished.returncode == 0, finished.stderr
    return folder


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    """The wheel."""
    (path,) = built.glob("*.whl")
    return path


def fresh_python(folder: Path, wheel: Path, extra: str) -> Path:
    """Create an environment, install the wheel with an extra, and return its Python."""
    assert any(WHEELS.glob("*.whl")), "the dependencies are not downloaded: run make build/wheels/.extras"
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    python = folder / "bin" / "python"
    requirement = f"{wheel}[{extra}]" if extra else str(wheel)
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    installed = run(*pip, "install", "--no-index", "--find-links", WHEELS, requirement)
    assert installed.returncode == 0, installed.stdout + installed.stderr
    return python


def test_each_extra_has_a_program() -> None:
    """A new extra needs a program that shows that it works."""
    assert list(PROGRAMS) == ["", *PROJECT["optional-dependencies"]]


@pytest.mark.parametrize("extra", PROGRAMS)
def test_a_fresh_environment_runs_what_the_extra_is_for(tmp_path: Path, wheel: Path, extra: str) -> None:
    """The declared dependencies are enough, and the installed version is that of the project."""
    python = fresh_python(tmp_path / "venv", wheel, extra)
    program, expected = PROGRAMS[extra]
    finished = run(python, "-W", "error", "-c", program, cwd=tmp_path)
    assert finished.returncode == 0, finished.stderr
    assert expected in finished.stdout
    version = run(python, "-c", "from importlib.metadata import version; print(version('crossorigin'))", cwd=tmp_path)
    assert version.stdout.strip() == PROJECT["version"]


def test_without_an_extra_the_error_names_the_command(tmp_path: Path, wheel: Path) -> None:
    """A user who forgot an extra reads what to install."""
    python = fresh_python(tmp_path / "venv", wheel, "")
    for extra, command in MISSING.items():
        finished = run(python, "-c", PROGRAMS[extra][0], cwd=tmp_path)
        assert finished.returncode != 0
        assert command in finished.stderr


def test_the_source_distribution_is_complete(built: Path) -> None:
    """It contains the sources, the tests, the documents and the files that build and check them, and no caches."""
    (path,) = built.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    needed = {
        file.relative_to(ROOT).as_posix()
        for folder in ("bench", "demo", "docs", "requirements", "scripts", "src", "tests")
        for file in (ROOT / folder).rglob("*")
        if file.suffix in {".in", ".md", ".py", ".sh", ".toml", ".txt"} and not _CACHES & set(file.parts)
    }
    assert needed | {"README.md", "CHANGELOG.md", "LICENSE", "SECURITY.md", "Makefile", "pyproject.toml"} <= names
    assert not [name for name in names if _CACHES & set(Path(name).parts)]
