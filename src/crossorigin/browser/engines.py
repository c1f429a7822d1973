"""The differences between browser engines and the Fetch standard, in one table.

Each field is one difference. The other modules read these fields and never check which engine they run for.
`STANDARD` follows the text of the Fetch standard. The values of the other three were observed in Chromium 156,
Firefox ESR 153 and WebKitGTK 2.50.
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
    """The behavior of one engine where engines differ; the defaults are those of the standard."""

    name: EngineName

    # Request headers.
    ignored_headers: frozenset[bytes] = frozenset()
    """Header names that a page may set but the engine leaves out."""
    joins_headers: bool = False
    """Headers with the same name are joined before they are checked, as an XMLHttpRequest always does."""
    extra_safelisted: Mapping[bytes, re.Pattern[bytes]] = field(default_factory=dict[bytes, re.Pattern[bytes]])
    """Names that the engine safelists in addition to the standard, if the value matches the pattern."""
    never_safelisted: Mapping[bytes, re.Pattern[bytes]] = field(default_factory=dict[bytes, re.Pattern[bytes]])
    """Names that the standard safelists and the engine does not, if the value matches the pattern."""
    lenient_ranges: bool = False
    """A safelisted `Range` may have its unit in any case and plus signs before its numbers."""
    referrer_policy_hides_origin: bool = True
    """The referrer policy can change `Origin` to `null` on requests outside CORS."""
    initiators_always_sending_origin: frozenset[str] = frozenset()
    """Initiators whose CORS requests send `Origin` to the page's own origin too."""

    # Preflights.
    preflight_origin_first: bool = False
    """A preflight sends `Origin` before the Access-Control-Request headers."""
    wildcard_covers_authorization: bool = False
    """Without credentials, `Access-Control-Allow-Headers: *` allows `Authorization`."""
    upload_preflight_needs_body: bool = False
    """An upload listener forces a preflight only if the request has a body."""
    preflight_repeats_names: bool = False
    """A preflight lists a header name twice if the page sets it twice."""
    absent_methods_allow_forced: bool = True
    """If an upload listener or a stream forced the preflight, a response without Access-Control-Allow-Methods allows
    any method."""
    cors_check_before_redirect: bool = False
    """The CORS check of a preflight response comes before the check for a redirect."""
    status_before_cors_check: bool = False
    """The status of a preflight response is checked before its Access-Control-Allow-Origin."""
    method_before_header_list: bool = False
    """The method is checked before Access-Control-Allow-Headers is parsed."""

    # Redirects.
    empty_location: Literal["same-url", "not-a-redirect", "error"] = "same-url"
    """The effect of an empty `Location`: a redirect to the same URL, no redirect, or an error."""
    multiple_locations: Literal["error", "identical", "joined"] = "error"
    """How several `Location` lines are read: as an error; as one if they are identical, otherwise as a network error;
    or joined."""
    redirect_error_needs_location: bool = False
    """The redirect mode `error` accepts a redirect status without `Location`."""
    always_refuses_userinfo: bool = False
    """A `Location` with a user name or password is refused in every mode, even within one origin."""
    cross_origin_delete_becomes_get: bool = False
    """DELETE becomes GET on a redirect to another origin, whatever the status, and keeps its headers."""
    cross_origin_redirect_hides_origin: bool = False
    """Outside CORS, `Origin` is `null` after a redirect to another origin."""
    keeps_origin_after_post: bool = False
    """Outside CORS, a GET that was a POST before a redirect keeps its `Origin` if the redirect stays on one origin."""
    redirect_checked_with_credentials: bool = False
    """A redirect response is checked as if the request had credentials if the first request went to the page's own
    origin with credentials."""
    preflight_lists_dropped_headers: bool = False
    """The preflight after a redirect also lists the headers that redirects have dropped."""
    restored_headers: frozenset[bytes] = frozenset()
    """Headers that one redirect drops and the next one restores, unless that one drops them too."""
    drops_body_headers_again: bool = False
    """A redirect whose status would change the page's method to GET drops the body headers even if the method has
    changed already."""
    dropped_cross_origin: frozenset[bytes] = frozenset()
    """Headers that are dropped by a redirect to an origin other than the page's."""
    preflights_each_redirect: bool = False
    """A request that was preflighted before, or whose initial headers required it, is preflighted after each redirect,
    whatever headers remain."""
    preflight_keeps_page_origin: bool = False
    """The preflight after a tainting redirect sends the page's origin, and a response from that origin needs no CORS
    headers."""

    # Responses.
    wildcard_exposes_despite_invalid: bool = False
    """`*` exposes every header to `fetch`, even if another element of the list is not a token."""
    ignores_empty_credentials_lines: bool = False
    """Empty Access-Control-Allow-Credentials lines are ignored."""

    # The preflight cache.
    max_age_pattern: re.Pattern[bytes] = _DIGITS
    """The form of a valid Access-Control-Max-Age."""
    max_age_if_invalid: int = 5
    """The seconds for which a result is cached if Access-Control-Max-Age is invalid."""
    max_age_cap: int | None = None
    """The maximum number of seconds for which a result is cached."""
    max_age_max_bits: int | None = None
    """The size in bits above which a number is invalid."""
    caches_one_result: bool = False
    """Only one preflight is cached per URL: the next one replaces it, and a request that it does not cover drops it."""
    caches_refusals: bool = False
    """A preflight is cached even if its lists do not allow the request."""
    caches_by_credentials: bool = False
    """Results for requests with credentials do not apply to requests without."""
    caches_wildcards: bool = True
    """A `*` is cached."""
    caches_credentialed_wildcards: bool = True
    """A `*` is cached even if the request had credentials, so that it applies to requests without."""
    caches_opaque_origins: bool = True
    """Results are cached for pages with an opaque origin."""
    head_needs_cached_method: bool = False
    """HEAD skips the preflight only if a cached result lists it, although the method is safelisted."""
    any_cached_result_covers_forced: bool = False
    """With any cached result for the URL, an upload with a safelisted method needs no preflight."""
    cached_wildcard_covers_authorization: bool = False
    """A cached `*` allows `Authorization`."""
    clears_cache_after_failure: Literal["preflighted", "any", "never"] = "preflighted"
    """The failed requests that clear the cache of their URL: those that were preflighted; any, except for redirects
    refused because of the redirect mode; or none."""
    max_cached_url: int | None = None
    """The length of the longest URL for which results are cached."""


STANDARD = Engine(name="standard")

CHROMIUM = Engine(
    name="chromium",
    ignored_headers=frozenset({b"user-agent"}),
    joins_headers=True,
    never_safelisted={b"range": re.compile(rb".*(?:9223372036854775807|[0-9]{20})")},
    extra_safelisted={
        b"device-memory": _DECIMAL,
        b"downlink": _DECIMAL,
        b"dpr": _DECIMAL,
        b"ect": re.compile(rb"(?:slow-2g|2g|3g|4g)\Z"),
        b"rtt": _DIGITS,
        b"save-data": re.compile(rb"(?i:on)\Z"),
        b"viewport-width": _DIGITS,
        b"width": _DIGITS,
    },
    referrer_policy_hides_origin=False,
    initiators_always_sending_origin=frozenset({"script", "image", "stylesheet", "font"}),
    upload_preflight_needs_body=True,
    empty_location="not-a-redirect",
    multiple_locations="identical",
    redirect_error_needs_location=True,
    # These are the client hints above, except for `Save-Data`.
    dropped_cross_origin=frozenset(
        {b"device-memory", b"downlink", b"dpr", b"ect", b"rtt", b"viewport-width", b"width"}
    ),
    always_refuses_userinfo=True,
    cross_origin_redirect_hides_origin=True,
    wildcard_covers_authorization=True,
    absent_methods_allow_forced=False,
    max_age_pattern=_SIGNED,
    max_age_cap=7200,
    max_age_max_bits=63,
    caches_one_result=True,
    caches_credentialed_wildcards=False,
    caches_opaque_origins=False,
    any_cached_result_covers_forced=True,
    clears_cache_after_failure="never",
    max_cached_url=1023,
)

FIREFOX = Engine(
    name="firefox",
    never_safelisted={b"accept": re.compile(rb"[^\x80-\xff]*[\x80-\xff]"), b"range": _BEYOND_64_BITS},
    preflight_repeats_names=True,
    cors_check_before_redirect=True,
    ignores_empty_credentials_lines=True,
    wildcard_covers_authorization=True,
    absent_methods_allow_forced=False,
    method_before_header_list=True,
    multiple_locations="identical",
    restored_headers=REQUEST_BODY_HEADERS | {b"authorization"},
    drops_body_headers_again=True,
    preflights_each_redirect=True,
    preflight_keeps_page_origin=True,
    wildcard_exposes_despite_invalid=True,
    max_age_if_invalid=0,
    max_age_cap=86400,
    caches_by_credentials=True,
    caches_wildcards=False,
    head_needs_cached_method=True,
    clears_cache_after_failure="any",
    any_cached_result_covers_forced=True,
)

WEBKIT = Engine(
    name="webkit",
    joins_headers=True,
    never_safelisted={b"range": _BEYOND_64_BITS},
    lenient_ranges=True,
    initiators_always_sending_origin=frozenset({"script", "image", "stylesheet"}),
    preflight_origin_first=True,
    wildcard_covers_authorization=True,
    absent_methods_allow_forced=False,
    status_before_cors_check=True,
    empty_location="error",
    multiple_locations="joined",
    redirect_error_needs_location=True,
    cross_origin_delete_becomes_get=True,
    keeps_origin_after_post=True,
    redirect_checked_with_credentials=True,
    preflight_lists_dropped_headers=True,
    restored_headers=REQUEST_BODY_HEADERS,
    preflights_each_redirect=True,
    max_age_pattern=_SIGNED,
    max_age_cap=600,
    max_age_max_bits=63,
    caches_one_result=True,
    any_cached_result_covers_forced=True,
    caches_refusals=True,
    cached_wildcard_covers_authorization=True,
    clears_cache_after_failure="never",
)

ENGINES: Mapping[EngineName, Engine] = {engine.name: engine for engine in (STANDARD, CHROMIUM, FIREFOX, WEBKIT)}
