"""Test code of users, and the errors that a type checker reports in it.

The code never runs. mypy and pyright must accept each line. A comment that ignores an error marks an intended one,
because an ignore comment without an error is an error itself.
"""

from collections.abc import Callable

from fastapi import FastAPI
from starlette.applications import Starlette

from crossorigin.browser import BrowserReason, BrowserRequest, HttpRequest, HttpResponse, Verdict, run
from crossorigin.testing import Page, assert_browser_can, assert_browser_can_async, assert_browser_cannot

fastapi_app = FastAPI()
PAGE = "https://app.example.com"

verdict: Verdict = assert_browser_can(
    fastapi_app, origin=PAGE, url="/items", method="PUT", headers={"X-Token": "t"}, credentials="include"
)
assert_browser_can(Starlette(), origin=PAGE, headers=[("X-Token", "t")], exposes=["ETag"], body=b"{}")
assert_browser_cannot(fastapi_app, origin=PAGE, reason="preflight-invalid-status")
assert_browser_cannot(fastapi_app, origin=PAGE, reason=BrowserReason.PREFLIGHT_INVALID_STATUS)
assert_browser_can(fastapi_app, origin=PAGE, credentials="always")  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
assert_browser_can(fastapi_app, origin=PAGE, verb="PUT")  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


async def test_asynchronously() -> None:
    """Await the twin."""
    status: int | None = (await assert_browser_can_async(fastapi_app, origin=PAGE)).status
    assert status == 200


def test_with_the_fixture(cors_page: Callable[..., Page]) -> None:
    """Open a page."""
    cors_page(PAGE, engine="firefox").can("/items", method="PUT")


def answer(request: HttpRequest) -> HttpResponse | None:
    """Answer nothing."""
    return None if request.preflight else HttpResponse(status=200)


names: tuple[str, ...] = run(BrowserRequest(url="https://api.example.com/", origin=PAGE), answer).exposed
