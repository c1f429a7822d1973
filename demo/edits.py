"""The edits of `--check`, in the panel of the page or with the command, and their effects on the six requests.

The expected effects are written here, as in `scenario`, because the policy is what the demo tests.
"""

from __future__ import annotations

import asyncio
import shlex
from asyncio.subprocess import DEVNULL
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from demo.scenario import REQUESTS

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from demo.editable import EditableApi
    from demo.stored import StoredApi
    from demo.tab import Tab

_ALL: Final = frozenset(request.key for request in REQUESTS)
_NONE: Final = frozenset[str]()


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """One edit in the panel, and the keys of the requests whose responses are then readable."""

    name: str
    make: Callable[[Tab], Awaitable[None]]
    readable: frozenset[str]


async def _allow_this_page(tab: Tab) -> None:
    text = await tab.page.input_value("#allow_origins")
    await tab.page.fill("#allow_origins", f"{text}\n{tab.origin}")
    await tab.page.click("text=Apply and send again")


async def _allow_only_get(tab: Tab) -> None:
    await tab.page.fill("#allow_methods", "GET")
    await tab.page.press("#allow_methods", "Enter")


async def _allow_no_header(tab: Tab) -> None:
    await tab.page.fill("#allow_methods", "*")
    await tab.page.fill("#allow_headers", "")
    await tab.page.press("#allow_headers", "Enter")


async def _refuse_cookies(tab: Tab) -> None:
    await tab.page.fill("#allow_headers", "*")
    await tab.page.uncheck("#allow_credentials")
    await tab.page.press("#allow_credentials", "Enter")


async def _reset(tab: Tab) -> None:
    await tab.page.click("#reset")


async def _add_live_origin(tab: Tab) -> None:
    await tab.page.click("summary:text('Live origins')")
    await tab.page.fill("#live-origin", tab.origin)
    await tab.page.press("#live-origin", "Enter")


async def _remove_live_origin(tab: Tab) -> None:
    await tab.page.click(f"[aria-label='Remove {tab.origin}']")


EDITS: Final = (
    Edit(name="Allow this page's origin", make=_allow_this_page, readable=_ALL),
    Edit(name="Allow only GET", make=_allow_only_get, readable=frozenset({"get-omit", "get-include"})),
    Edit(
        name="Allow no custom request header",
        make=_allow_no_header,
        readable=_ALL - {"put-omit", "put-include"},
    ),
    Edit(
        name="Refuse credentials",
        make=_refuse_cookies,
        readable=frozenset(key for key in _ALL if key.endswith("-omit")),
    ),
    Edit(name="Reset", make=_reset, readable=_NONE),
    Edit(name="Add this page to the live origins", make=_add_live_origin, readable=_ALL),
    Edit(name="Remove it from the live origins", make=_remove_live_origin, readable=_NONE),
)


def edits_of_store(api: StoredApi) -> tuple[Edit, ...]:
    """Return the edits of the database, which the page notices by itself."""

    def edit(action: str, readable: frozenset[str]) -> Edit:
        async def run_command(tab: Tab) -> None:
            command = api.command(action, tab.origin)
            process = await asyncio.create_subprocess_exec(*command, stdout=DEVNULL)
            if await process.wait() != 0:
                raise RuntimeError(f"This command failed: {shlex.join(command)}")

        return Edit(name=f"crossorigin origins {action}", make=run_command, readable=readable)

    return edit("add", _ALL), edit("remove", _NONE)


async def problem_of_invalid_input(tab: Tab, api: EditableApi) -> str | None:
    """Enter an origin with a slash. Return what is wrong if its message does not appear, or if the policy changes."""
    page = tab.page
    before, runs = api.state(), await tab.runs()
    await page.fill("#allow_origins", f"{tab.origin}/")
    await page.press("#allow_methods", "Enter")
    # The panel has answered when one of its two lines has a text.
    await page.wait_for_selector(":is(#panel-error, #panel-status a):not(:empty)")
    if await page.locator("#allow_origins-issues .issue.error").count() == 0:
        return "no message appeared"
    message = await page.inner_text("#allow_origins-issues")
    expected = ("allow_origins[0]", "It ends with a slash.", f'"{tab.origin}"')
    missing = [text for text in expected if text not in message]
    if missing:
        return f"the message does not contain {', '.join(missing)}: {message!r}"
    if api.state() != before or await tab.runs() != runs:
        return "the policy has changed"
    await page.fill("#allow_origins", "\n".join(before["options"]["allow_origins"]))
    return None
