"""A job and its results survive the way to another process and back, and a job runs the checks of an app or of URLs."""

import json
import sys
from pathlib import Path

import pytest

from crossorigin.browser import BrowserRequest
from crossorigin.doctor.jobs import Job, View, results_from_json, results_to_json, run_job

PAGE, OTHER = "https://app.example.com", "https://other.example"
SHOP = "https://shop.customer.example"
APP = f"""
from fastapi import FastAPI
from crossorigin import CORSMiddleware, LiveOrigins

app = FastAPI()
app.add_middleware(CORSMiddleware, allow_origins=["{PAGE}"], origins=LiveOrigins.polled(lambda: ["{SHOP}"]))

@app.get("/items")
def items():
    return []
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of an app in the current folder. Its module is forgotten after the test."""
    (tmp_path / "job_app.py").write_text(APP, "utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setitem(sys.modules, "job_app", sys)
    del sys.modules["job_app"]
    return "job_app:app"


def job(*origins: str, app: str | None, url: str = "http://testserver/items") -> Job:
    """Return a job with one request for each origin."""
    requests = tuple(BrowserRequest(url=url, origin=origin) for origin in origins)
    return Job(requests=requests, app=app, view=View(width=80), timeout=10.0, engine="chromium")


def test_a_job_is_the_same_after_the_way_through_json() -> None:
    """Also the bytes of a body, and the headers."""
    headers = (("X-Token", "1"),)
    request = BrowserRequest(url="https://api.example/", origin=PAGE, method="PUT", headers=headers, body=b"\xff\0")
    for requests in ((request,), (request, BrowserRequest(url="https://api.example/", origin=OTHER))):
        sent = Job(requests=requests, app="main:app", view=View(width=72, verbose=True), timeout=1.5, exposes=("X-A",))
        assert Job.from_json(json.loads(json.dumps(sent.to_json()))) == sent


async def test_the_checks_of_an_app_run_one_after_the_other(module: str) -> None:
    """Its live origins are loaded once, before the first request, and each response is reported."""
    progress: list[str] = []
    results = await run_job(job(PAGE, SHOP, OTHER, app=module), progress.append)
    assert [result.document["allowed"] for result in results] == [True, True, False]
    assert [line for line in progress if line] == [
        "Live origins (polled): 1",
        *["GET http://testserver/items: 200"] * 3,
        # Asked for the cause: whether the origin is the only thing that is refused.
        "OPTIONS http://testserver/items: 400",
    ]
    assert [*results_from_json(json.loads(json.dumps(results_to_json(results))))] == results


async def test_a_check_that_cannot_run_says_why(module: str) -> None:
    """An app that does not exist fails all checks, and so does a server that does not answer."""
    nowhere = "http://127.0.0.1:1/"
    for failing, named in (
        (job(PAGE, OTHER, app=f"{module}_missing"), "app_missing"),
        (job(PAGE, OTHER, app=None, url=nowhere), nowhere),
    ):
        results = await run_job(failing, lambda _: None)
        assert [result.is_not_run for result in results] == [True, True]
        assert all(named in result.document["error"]["message"] for result in results)
