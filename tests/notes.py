"""Notes that tests print at the end of a run that passes, such as seeds and counts."""

import pytest

# Kept in the configuration: `tests/conftest.py` prints them, also those from workers of pytest-xdist.
NOTES = pytest.StashKey[list[str]]()
