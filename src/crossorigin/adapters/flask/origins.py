"""The check that options say which origins are allowed.

In Flask-Cors, options without origins allow every origin, and options are inherited from the app. Here they would allow
no origin, so they are an error instead of a surprise.
"""

from __future__ import annotations

from crossorigin.policy.options import DEFAULTS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_SOURCES = ("allow_origins", "allow_origin_regex")
INSTEAD = (
    'Pass allow_origins=["https://app.example.com"]. allow_origins=["*"] allows every origin, and allow_origins=[] '
    "allows none."
)
_SAME_NAMES = {option: option for option in DEFAULTS}


def has_origins(given: Mapping[str, object]) -> bool:
    """Return whether options say which origins are allowed, if only that there are none."""
    return any(option in given for option in _SOURCES)


def check_origins(
    given: Mapping[str, object], place: str, *, has_resources: bool, names: Mapping[str, str] = _SAME_NAMES
) -> None:
    """Check the options of an app or blueprint, which may have none at all.

    `place` is where they are written, and `names` maps each option to its name there.

    Raises:
        RuntimeError: There are options, but none of them says which origins are allowed.
    """
    found = [name for name in names.values() if name in given]
    if not found or any(names[option] in given for option in _SOURCES):
        return
    if has_resources:
        raise RuntimeError(
            f"{place} has {_listing(found)} but no {names['allow_origins']}, so that no page can make use of it. The "
            "policies in resources do not inherit options. Write all options of a path in its policy."
        )
    raise RuntimeError(
        f"{place} has {_listing(found)} but no {names['allow_origins']}, so that it would allow no origin. "
        + INSTEAD.replace("allow_origins=", f"{names['allow_origins']}=")
    )


def _listing(names: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))
