"""The verdict of a check on servers with random responses is that of Chromium."""

import os
import secrets
from itertools import islice

from crossorigin.browser import AsyncTransport, BrowserRequest
from crossorigin.doctor.asking.probe import network
from crossorigin.doctor.asking.run_checks import Check, check
from tests.real.engines.browsers import ENGINES
from tests.real.engines.exchange import Exchange
from tests.real.engines.random_exchanges import RandomExchanges
from tests.real.engines.server import Servers
from tests.real.engines.transcripts import request_of

# Only ends a hang.
_PATIENCE = 120
_COUNT = 200
_CI = os.environ.get("CI") == "true"
_SEED = 1 if _CI else int(os.environ.get("ENGINE_SEED") or secrets.randbelow(10**9))


def exchanges() -> list[Exchange]:
    """Return random exchanges that begin with one call of fetch."""
    drawn = (one for one in RandomExchanges(_SEED).exchanges(4 * _COUNT) if len(one.steps) == 1 and not one.opaque)
    return [*islice((one for one in drawn if one.steps[0].ask.initiator == "fetch"), _COUNT)]


async def outcome(request: BrowserRequest, transport: AsyncTransport) -> str:
    """Return what the page can read according to a check, or that it can read nothing."""
    found = await check(Check(request=request, engines=("chromium",)), transport)
    return "blocked" if not found.lead.allowed else f"{found.lead.status if found.lead.readable else 0}"


async def test_a_check_says_what_chromium_does() -> None:
    """The browser and then the check send the same request to two hundred servers with random responses."""
    drawn = exchanges()
    assert len(drawn) == _COUNT
    with Servers(drawn) as servers:
        with ENGINES["chromium"]() as browser:
            browser.open(servers.start)
            servers.wait(_PATIENCE)
        results = [servers.results[number][0] for number in range(_COUNT)]
        did = ["blocked" if "error" in result else str(result["status"]) for result in results]
        said: list[str] = []
        transport = network(timeout=_PATIENCE, insecure=False)
        for number, exchange in enumerate(drawn):
            said.append(await outcome(request_of(servers.world, number, exchange, exchange.steps[0]), transport))
    differing = [
        f"{number}: chromium {theirs}, check {ours}: {drawn[number].steps[0]}"
        for number, (theirs, ours) in enumerate(zip(did, said, strict=True))
        if theirs != ours
    ]
    assert not differing, f"ENGINE_SEED={_SEED}\n" + "\n".join(differing)
    # If all verdicts were equal, the comparison would show nothing.
    assert _COUNT / 5 < did.count("blocked") < _COUNT * 4 / 5
