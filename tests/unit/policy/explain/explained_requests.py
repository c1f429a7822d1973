"""The requests whose explanations are in `explanations.txt`.

After a change of the texts, rewrite the file and check the differences:

    python -m tests.unit.policy.explain.explained_requests
"""

import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from crossorigin import CrossOriginWarning, Explanation, LiveOrigins, Policy
from crossorigin.policy.decide.plan import Plan
from crossorigin.policy.explain.explanation import explain

SNAPSHOT = Path(__file__).resolve().with_name("explanations.txt")

APP = "https://app.example.com"
DOCUMENTED: dict[str, Any] = {
    "allow_origins": [
        "http://localhost.tiangolo.com",
        "https://localhost.tiangolo.com",
        "http://localhost",
        "http://localhost:8080",
    ],
    "allow_credentials": True,
    "allow_methods": ["*"],
    "allow_headers": ["*"],
}
LISTED: dict[str, Any] = {
    "allow_origins": [APP],
    "allow_methods": ["GET", "PUT"],
    "allow_headers": ["X-Token"],
    "expose_headers": ["X-Total-Count"],
}
CONSTANT: dict[str, Any] = {"allow_origins": [APP], "constant_allow_origin": True}
PATTERNS: dict[str, Any] = {"allow_origins": ["https://*.example.com", "http://localhost:*"]}
REGEX: dict[str, Any] = {"allow_origins": [APP], "allow_origin_regex": r"https://pr-[0-9]+\.example\.com"}
ANY: dict[str, Any] = {"allow_origins": ["*"], "allow_methods": ["*"], "allow_headers": ["*"]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """A request of a page, and the options of the policy that decides it, with the live origins if there are any."""

    name: str
    options: dict[str, Any] = field(default_factory=dict)
    method: str = "GET"
    origin: str | None = APP
    headers: tuple[str, ...] = ()
    live: tuple[str, ...] | None = None

    def policy(self) -> Policy:
        """Return the policy, without its warnings."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", CrossOriginWarning)
            return Policy(**self.options)

    def explain(self) -> Explanation:
        """Return the explanation."""
        policy = self.policy()
        if self.live is None:
            return policy.explain(self.method, self.origin, self.headers)
        plan = Plan(policy, live=LiveOrigins(self.live))
        return explain(policy, plan, self.method, self.origin, self.headers)


EXPLAINED = [
    Explained(name="everything is listed", options=LISTED, method="PUT", headers=("X-Token", "Content-Type")),
    Explained(name="the documented example", options=DOCUMENTED, origin="http://localhost:8080", headers=("X-A",)),
    Explained(name="the documented example, refused", options=DOCUMENTED, origin="http://127.0.0.1:8080"),
    Explained(name="the documented example, another port", options=DOCUMENTED, origin="http://localhost:3000"),
    Explained(
        name="an untrusted origin", options=LISTED, method="PUT", origin="https://evil.example", headers=("x-token",)
    ),
    Explained(name="an untrusted origin, with constant_allow_origin", options=CONSTANT, origin="https://evil.example"),
    Explained(name="the only origin, with constant_allow_origin", options=CONSTANT),
    Explained(name="no origin is listed", origin="https://evil.example"),
    Explained(
        name="more origins than are shown", options={"allow_origins": [f"https://a{i}.example" for i in range(9)]}
    ),
    Explained(name="the scheme differs", options=LISTED, origin="http://app.example.com"),
    Explained(name="the port differs", options=LISTED, origin="https://app.example.com:8443"),
    Explained(name="scheme and port differ", options=LISTED, origin="http://app.example.com:8443"),
    Explained(name="a subdomain of a listed host", options=LISTED, origin="https://beta.app.example.com"),
    Explained(name="a pattern", options=PATTERNS, origin="https://a.b.example.com"),
    Explained(name="a pattern does not match its parent domain", options=PATTERNS, origin="https://example.com"),
    Explained(name="a pattern of another scheme", options=PATTERNS, origin="http://a.example.com"),
    Explained(name="a pattern of another port", options=PATTERNS, origin="https://a.example.com:8443"),
    Explained(name="a pattern for any port", options=PATTERNS, origin="http://localhost:5173"),
    Explained(name="a regular expression", options=REGEX, origin="https://pr-7.example.com"),
    Explained(name="a regular expression that does not match", options=REGEX, origin="https://pr-x.example.com"),
    Explained(name="any origin", options=ANY, method="DELETE", origin="https://anyone.example", headers=("X-A",)),
    Explained(name="any origin, without an Origin header", options=ANY, origin=None),
    Explained(name="no origin", options=LISTED, method="POST", origin=None),
    Explained(name="an opaque origin", options=LISTED, origin="null"),
    Explained(name="an opaque origin that is listed", options={"allow_origins": ["null"]}, origin="null"),
    Explained(name="a URL instead of an origin", options=LISTED, origin="HTTPS://App.example.com:443/index.html"),
    Explained(name="an invalid origin without a fix", options=LISTED, origin="https://app..example.com"),
    Explained(name="a control character in an origin", options=LISTED, origin=f"{APP}\x00"),
    Explained(name="an origin that is too long", options=LISTED, origin=f"https://{'a' * 400}"),
    Explained(name="a method that is not listed", options=LISTED, method="delete"),
    Explained(name="a safelisted method that is not listed", options=LISTED, method="POST"),
    Explained(name="a method in lower case", options={"allow_origins": [APP], "allow_methods": ["*"]}, method="patch"),
    Explained(name="a method in lower case that is not listed either", options=LISTED, method="patch"),
    Explained(name="no method is listed", options={"allow_origins": [APP], "allow_methods": []}),
    Explained(name="a forbidden method", options=LISTED, method="trace"),
    Explained(name="an invalid method", options=LISTED, method="PUT IT"),
    Explained(name="a method that is too long", options=LISTED, method="A" * 300),
    Explained(name="a header that is not listed", options=LISTED, headers=("X-Token", "Authorization", "X-B")),
    Explained(name="a header of the response", options=LISTED, headers=("Access-Control-Allow-Origin", "X-B")),
    Explained(name="an invalid header name", options=LISTED, headers=("X Token",)),
    Explained(name="headers that are too long", options=LISTED, headers=tuple(f"x-{i}-{'a' * 90}" for i in range(50))),
    Explained(name="a header that browsers set themselves", options=LISTED, headers=("Cookie", "Host")),
    Explained(name="everything fails", options=LISTED, method="LOCK", origin="https://evil.example", headers=("x-b",)),
    Explained(name="a live origin", options=LISTED, live=("https://shop.example",), origin="https://shop.example"),
    Explained(name="neither listed nor live", options=LISTED, live=(), origin="https://shop.example"),
    Explained(name="close to a live origin", live=("https://shop.example",), origin="https://shop.example:8443"),
    Explained(name="a live origin without https", live=("https://shop.example",), origin="http://shop.example"),
    Explained(name="no live origin can have this scheme", live=(), origin="capacitor://localhost"),
    Explained(
        name="credentials",
        options={**LISTED, "allow_credentials": True, "max_age": 0},
        method="PUT",
        headers=("X-Token",),
    ),
]


def told() -> str:
    """Return all explanations in the form of the file."""
    return "\n".join(f"--- {entry.name}\n{_short(str(entry.explain()))}\n" for entry in EXPLAINED)


def _short(text: str) -> str:
    return "\n".join(
        line if len(line) <= 500 else f"{line[:480]}[and {len(line) - 480} more]" for line in text.split("\n")
    )


if __name__ == "__main__":
    SNAPSHOT.write_text(told(), "utf-8")
