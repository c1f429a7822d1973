"""Hold in what the engines differ from the standard, and from each other: the one table of it.

Each field is one difference; every other module asks for it by name, so nothing else knows an engine. `STANDARD` is
the text of the Fetch standard. What stands in the other three was seen in Chromium 156, Firefox ESR 153 and
WebKitGTK 2.50.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from crossorigin.fetch.safelist import REQUEST_BODY_HEADERS

if TYPE_CHECKING:
    from collections.abc import Mapping

EngineName = Literal["standard", "chromium", "firefox", "webkit"]

_DIGITS = re.compile(rb"[0-9]+\Z")
_SIGNED = re.compile(rb"[+-]?[0-9]+\Z")
_BEYOND_64_BITS = re.compile(rb".*[0-9]{20}")
_DECIMAL = re.compile(rb"[0-9]+(?:\.[0-9]+)?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """Hold what one engine does where engines differ; the defaults are the standard's."""

    name: EngineName

    # Request-headers.
    ignored_headers: frozenset[bytes] = frozenset()
    """Names that a page may set and the engine leaves out."""
    joins_headers: bool = False
    """Headers of one name are joined to one before they are judged, as those of an XMLHttpRequest always are."""
    also_safelisted: Mapping[bytes, re.Pattern[bytes]] = field(default_factory=dict[bytes, re.Pattern[bytes]])
    """Names that are safelisted beyond the standard, where the value is of this form."""
    not_safelisted: Mapping[bytes, re.Pattern[bytes]] = field(default_factory=dict[bytes, re.Pattern[bytes]])
    """Names that the standard safelists and the engine does not, where the value is of this form."""
    lenient_ranges: bool = False
    """A `Range` may spell its unit in any case, and its numbers with a plus sign."""
    origin_hides_as_referrer: bool = True
    """The referrer policy can turn `Origin` into `null` on requests outside CORS."""
    origin_of: frozenset[str] = frozenset()
    """Initiators whose CORS requests name the origin to its own server too."""

    # The preflight.
    origin_first: bool = False
    """A preflight's `Origin` stands before what it asks."""
    wildcard_covers_authorization: bool = False
    """Without credentials, `Access-Control-Allow-Headers: *` lets `Authorization` pass."""
    upload_needs_body: bool = False
    """An upload listener forces a preflight only where there is a body to upload."""
    repeats_names: bool = False
    """A name that the page sets twice is asked about twice."""
    upload_needs_no_method: bool = True
    """After an upload listener or a stream, an absent Access-Control-Allow-Methods lets every method pass."""
    check_before_redirect: bool = False
    """The CORS check of a preflight's response comes before its being a redirect."""
    status_first: bool = False
    """The status of a preflight's response is judged before its Access-Control-Allow-Origin."""
    method_before_header_list: bool = False
    """The method is judged before Access-Control-Allow-Headers is parsed."""

    # Redirects.
    empty_location: Literal["here", "nowhere", "error"] = "here"
    """Where an empty `Location` leads: to the same URL, or it is no redirect, or an error."""
    several_locations: Literal["error", "alike", "joined"] = "error"
    """What several `Location` lines are: an error; one if they are alike, and else no response at all; or joined."""
    error_needs_location: bool = False
    """A redirect status without `Location` is read even by a page that wants no redirects."""
    refuses_userinfo: bool = False
    """A `Location` with a user name or password is refused in every mode, and within one origin too."""
    deletes_only_here: bool = False
    """DELETE becomes GET on its way to another origin, whatever the status, and keeps its headers."""
    crossing_hides_origin: bool = False
    """Outside CORS, `Origin` is `null` once a redirect has led to another origin."""
    keeps_origin_header: bool = False
    """The GET that a POST has become outside CORS still has its `Origin`, if it stays where it was."""
    redirect_checked_with_credentials: bool = False
    """Where a fetch began at home with credentials, a redirect elsewhere is checked as if it had them still."""
    asks_about_dropped: bool = False
    """The preflight after a redirect also asks about the headers that redirects drop."""
    comes_back: frozenset[bytes] = frozenset()
    """Names of which what one redirect drops is back after the next, if that does not drop it too."""
    drops_again: bool = False
    """A redirect whose status turns the page's method into GET drops a body's headers also if that is done already."""
    dropped_away: frozenset[bytes] = frozenset()
    """Names that a redirect to another origin than the page's drops."""
    repeats_preflight: bool = False
    """What was preflighted once, or had to be by its headers, is preflighted after each redirect, whatever remains."""
    preflight_keeps_origin: bool = False
    """The preflight after a tainting redirect is one of the page's own origin, and needs no consent on its server."""

    # The response.
    exposes_all_beside_invalid: bool = False
    """`*` exposes everything to `fetch`, even beside an element that is no token."""
    skips_empty_lines: bool = False
    """Of several Access-Control-Allow-Credentials, the empty ones do not count."""

    # The preflight cache.
    max_age_form: re.Pattern[bytes] = _DIGITS
    """What an Access-Control-Max-Age must be to be followed."""
    max_age_otherwise: int = 5
    """How many seconds are kept if it is not."""
    max_age_cap: int | None = None
    """The most seconds that are kept."""
    max_age_bits: int | None = None
    """How large a number may be before it counts as none."""
    keeps_one_result: bool = False
    """One preflight is remembered for a URL: the next replaces it, and a request that it does not cover drops it."""
    keeps_refusals: bool = False
    """A preflight whose lists refused the request is remembered as well."""
    credentials_apart: bool = False
    """What was learned with credentials serves no request without."""
    keeps_wildcards: bool = True
    """A `*` is remembered."""
    keeps_credentialed_wildcards: bool = True
    """A `*` that meant nothing, for the request had credentials, is remembered for those without."""
    remembers_null: bool = True
    """Something is remembered for pages of an opaque origin."""
    keeps_head_by_name: bool = False
    """HEAD goes without a preflight only where one has listed it, although it is safelisted."""
    any_result_serves_forced: bool = False
    """Whatever is known of a URL spares an upload by a safelisted method its preflight."""
    kept_wildcard_covers_authorization: bool = False
    """A remembered `*` lets `Authorization` pass."""
    forgets_after_blocked: Literal["asked", "any", "never"] = "asked"
    """After which request that fails all is forgotten of its URL: one that was asked about; or any, unless it is a
    redirect that the page did not want; or none."""
    max_kept_url: int | None = None
    """The longest URL for which something is remembered."""


STANDARD = Engine(name="standard")

CHROMIUM = Engine(
    name="chromium",
    ignored_headers=frozenset({b"user-agent"}),
    joins_headers=True,
    not_safelisted={b"range": re.compile(rb".*(?:9223372036854775807|[0-9]{20})")},
    also_safelisted={
        b"device-memory": _DECIMAL,
        b"downlink": _DECIMAL,
        b"dpr": _DECIMAL,
        b"ect": re.compile(rb"(?:slow-2g|2g|3g|4g)\Z"),
        b"rtt": _DIGITS,
        b"save-data": re.compile(rb"(?i:on)\Z"),
        b"viewport-width": _DIGITS,
        b"width": _DIGITS,
    },
    origin_hides_as_referrer=False,
    origin_of=frozenset({"script", "image", "stylesheet", "font"}),
    upload_needs_body=True,
    empty_location="nowhere",
    several_locations="alike",
    error_needs_location=True,
    # Not `Save-Data`.
    dropped_away=frozenset({b"device-memory", b"downlink", b"dpr", b"ect", b"rtt", b"viewport-width", b"width"}),
    refuses_userinfo=True,
    crossing_hides_origin=True,
    wildcard_covers_authorization=True,
    upload_needs_no_method=False,
    max_age_form=_SIGNED,
    max_age_cap=7200,
    max_age_bits=63,
    keeps_one_result=True,
    keeps_credentialed_wildcards=False,
    remembers_null=False,
    any_result_serves_forced=True,
    forgets_after_blocked="never",
    max_kept_url=1023,
)

FIREFOX = Engine(
    name="firefox",
    not_safelisted={b"accept": re.compile(rb"[^\x80-\xff]*[\x80-\xff]"), b"range": _BEYOND_64_BITS},
    repeats_names=True,
    check_before_redirect=True,
    skips_empty_lines=True,
    wildcard_covers_authorization=True,
    upload_needs_no_method=False,
    method_before_header_list=True,
    several_locations="alike",
    comes_back=REQUEST_BODY_HEADERS | {b"authorization"},
    drops_again=True,
    repeats_preflight=True,
    preflight_keeps_origin=True,
    exposes_all_beside_invalid=True,
    max_age_otherwise=0,
    max_age_cap=86400,
    credentials_apart=True,
    keeps_wildcards=False,
    keeps_head_by_name=True,
    forgets_after_blocked="any",
    any_result_serves_forced=True,
)

WEBKIT = Engine(
    name="webkit",
    joins_headers=True,
    not_safelisted={b"range": _BEYOND_64_BITS},
    lenient_ranges=True,
    origin_of=frozenset({"script", "image", "stylesheet"}),
    origin_first=True,
    wildcard_covers_authorization=True,
    upload_needs_no_method=False,
    status_first=True,
    empty_location="error",
    several_locations="joined",
    error_needs_location=True,
    deletes_only_here=True,
    keeps_origin_header=True,
    redirect_checked_with_credentials=True,
    asks_about_dropped=True,
    comes_back=REQUEST_BODY_HEADERS,
    repeats_preflight=True,
    max_age_form=_SIGNED,
    max_age_cap=600,
    max_age_bits=63,
    keeps_one_result=True,
    any_result_serves_forced=True,
    keeps_refusals=True,
    kept_wildcard_covers_authorization=True,
    forgets_after_blocked="never",
)

ENGINES: Mapping[EngineName, Engine] = {engine.name: engine for engine in (STANDARD, CHROMIUM, FIREFOX, WEBKIT)}
