"""How options are written into an environment, in each of the ways that are read."""

import json
from collections.abc import Mapping

from hypothesis import strategies as st

from crossorigin import Policy
from crossorigin.policy.options import DEFAULTS

TRUE = ["true", "True", "TRUE", "yes", "on", "1", " on\n"]
FALSE = ["false", "False", "FALSE", "no", "off", "0", "\tNo "]
SEPARATORS = [",", ", ", " ", "\n", " ,\t", ",,"]


def variable(name: str) -> str:
    """The variable of an option, or of an element of one."""
    option, bracket, index = name.partition("[")
    return f"CORS_{option.upper()}{bracket}{index}"


@st.composite
def written(draw: st.DrawFn, value: object) -> str:
    """Draw a text with the value of an option."""
    if isinstance(value, bool):
        return draw(st.sampled_from(TRUE if value else FALSE))
    if isinstance(value, tuple):
        # What may be meant otherwise is refused bare.
        plain = value and not any(member == "null" or member.strip("\"'`") != member for member in value)
        return draw(st.sampled_from(SEPARATORS)).join(value) if plain and draw(st.booleans()) else json.dumps(value)
    return draw(st.sampled_from(["none", "None", "NONE"])) if value is None else f" {value} "


@st.composite
def environments(draw: st.DrawFn, policy: Policy) -> dict[str, str]:
    """Draw an environment with a policy. A default value is written, empty or omitted."""
    environ = {"PATH": "/bin", "CORS_PROXY_URL": "http://proxy.example/"}
    for name, default in DEFAULTS.items():
        value = getattr(policy, name)
        how = draw(st.sampled_from(["written", "empty", "missing"])) if value == default else "written"
        if how == "empty" or (how == "written" and name == "allow_origin_regex" and value is None):
            environ[variable(name)] = draw(st.sampled_from(["", " ", "\n"]))
        elif how == "written":
            environ[variable(name)] = draw(written(value))
    return environ


def as_texts(options: Mapping[str, object]) -> dict[str, str] | None:
    """Write options into an environment, lists as JSON. Return None if a text cannot contain one of them."""
    environ: dict[str, str] = {}
    for name, value in options.items():
        default = DEFAULTS.get(name)
        if isinstance(default, tuple):
            if not isinstance(value, list) or not all(isinstance(member, str) for member in value):
                return None
            environ[variable(name)] = json.dumps(value)
        elif isinstance(value, bool) and isinstance(default, bool):
            environ[variable(name)] = str(value)
        elif isinstance(value, str) and name == "allow_origin_regex" and value == value.strip() and value:
            environ[variable(name)] = value
        elif isinstance(value, int) and not isinstance(value, bool) and name == "max_age":
            environ[variable(name)] = str(value)
        else:
            return None
    return environ
