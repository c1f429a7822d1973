"""The wheel, built and imported outside of the source tree."""

import email
import json
import subprocess
import sys
import zipfile
from collections.abc import Collection
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built by the pinned backend without a network."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
        timeout=120,
    )
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that contains only what the wheel installs."""
    folder = tmp_path_factory.mktemp("installed")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*command, "--target", folder, wheel], check=True, capture_output=True, timeout=120)
    return folder


def imported_with(statement: str, folder: Path) -> tuple[str, Collection[str]]:
    """Import a module in a fresh interpreter. Return its path and all modules that were loaded."""
    program = (
        "import json, sys\n"
        f"sys.path = [{str(folder)!r}, *(p for p in sys.path if 'site-packages' not in p)]\n"
        "before = set(sys.modules)\n"
        f"{statement}\n"
        "loaded = sorted(set(sys.modules) - before)\n"
        "print(json.dumps([crossorigin.__file__, loaded]))\n"
    )
    command = [sys.executable, "-I", "-S", "-W", "error", "-c", program]
    run = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    origin, loaded = json.loads(run.stdout)
    return origin, loaded


def test_the_wheel_holds_the_package_whole_and_nothing_else(wheel: Path) -> None:
    """Every file of the package is installed: modules, `py.typed` and the pages of the codes; and no tests."""
    package = {
        path.relative_to(SOURCE).as_posix()
        for path in (SOURCE / "crossorigin").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    pages_of_codes = [path for name in ("codes", "findings", "reasons") for path in (ROOT / "docs" / name).iterdir()]
    documents = [ROOT / "docs" / "behavior.md", *pages_of_codes]
    pages = {f"crossorigin/doctor/pages/{path.relative_to(ROOT / 'docs').as_posix()}" for path in documents}
    assert names == package | pages
    assert "crossorigin/py.typed" in names


def test_the_wheel_asks_for_one_package(wheel: Path) -> None:
    """Without extras, the library has one dependency. It requires Python 3.11."""
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        metadata = email.message_from_bytes(archive.read(name))
    required = [requirement for requirement in metadata.get_all("Requires-Dist", []) if "extra ==" not in requirement]
    assert required == ["publicsuffixlist"]
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata["License-Expression"] == "MIT"


def test_the_installed_package_imports_alone(installed: Path) -> None:
    """Importing crossorigin loads only the standard library, and no event loop."""
    origin, loaded = imported_with("import crossorigin", installed)
    assert Path(origin).is_relative_to(installed)
    roots = {name.partition(".")[0] for name in loaded}
    assert roots - set(sys.stdlib_module_names) == {"crossorigin"}
    assert "asyncio" not in roots


def test_the_public_names_work_without_a_framework(installed: Path) -> None:
    """A policy can be built, used and explained without any framework."""
    statement = (
        "import crossorigin\n"
        "policy = crossorigin.Policy(allow_origins=['https://app.example.com'])\n"
        "str(policy.explain(method='PUT', origin='https://app.example.com'))\n"
        "crossorigin.CORSMiddleware(lambda scope, receive, send: None, policy=policy)"
    )
    _, loaded = imported_with(statement, installed)
    roots = {name.partition(".")[0] for name in loaded}
    assert roots - set(sys.stdlib_module_names) == {"crossorigin"}
    assert "asyncio" not in roots


def test_the_installed_command_finds_its_pages(installed: Path) -> None:
    """The pages about issues, browser reasons and decision reasons are installed."""
    statement = (
        "import crossorigin.doctor.pages as pages\n"
        "import crossorigin\n"
        "assert all(pages.page_of(code) for code in pages.all_codes())"
    )
    origin, loaded = imported_with(statement, installed)
    assert Path(origin).is_relative_to(installed)
    assert {"click", "httpx2", "rich"}.isdisjoint(loaded)
