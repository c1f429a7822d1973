"""How every test starts Chromium: nothing but the pages' own requests leaves it."""

import os

ARGUMENTS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # Chromium's sandbox refuses to run for root.
    *(("--no-sandbox",) if os.geteuid() == 0 else ()),
)
