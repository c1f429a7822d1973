"""The causes that the doctor can name, each with its code. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from crossorigin.doctor.fixes.edits import Edit


class CauseCode(StrEnum):
    """The causes. A code never changes its meaning and is never reused."""

    # In the page.
    METHOD_IN_LOWER_CASE = "method-in-lower-case"
    RESPONSE_HEADER_IN_REQUEST = "response-header-in-request"
    OPAQUE_ORIGIN = "opaque-origin"

    # Redirects.
    REDIRECT_LEAVES_HTTPS = "redirect-leaves-https"
    REDIRECT_TO_HTTPS = "redirect-to-https"
    REDIRECT_TO_SLASH = "redirect-to-slash"
    REDIRECT_TO_OTHER_URL = "redirect-to-other-url"

    # The answer came from somewhere else.
    AUTHENTICATION = "authentication"
    UNKNOWN_HOST = "unknown-host"
    CRASH = "crash"
    APP_UNREACHABLE = "app-unreachable"
    RATE_LIMITED = "rate-limited"
    NGINX_WITHOUT_ALWAYS = "nginx-without-always"
    REMOVED_BY_PROXY = "removed-by-proxy"
    ANSWERED_ELSEWHERE = "answered-elsewhere"

    # Nothing sets the headers.
    PREFLIGHT_NOT_COVERED = "preflight-not-covered"
    NO_OPTIONS_HANDLER = "no-options-handler"
    METHOD_NOT_SERVED = "method-not-served"
    NO_SUCH_PATH = "no-such-path"
    NO_CORS = "no-cors"
    PATH_NOT_COVERED = "path-not-covered"
    SETTINGS_WITHOUT_MIDDLEWARE = "settings-without-middleware"

    # Several places set them.
    DOUBLED_BY_SOCKETIO = "doubled-by-socketio"
    DOUBLED_BY_PROXY = "doubled-by-proxy"
    DOUBLED = "doubled"
    SEVERAL_ORIGINS_IN_ONE_LINE = "several-origins-in-one-line"

    # The options.
    UNKNOWN_OPTION = "unknown-option"
    WILDCARD_WITH_CREDENTIALS = "wildcard-with-credentials"
    ORIGIN_NOT_LISTED = "origin-not-listed"
    CONSTANT_ORIGIN = "constant-origin"
    NOT_LISTED = "not-listed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """Why a request was refused: `text` says what is wrong, `fix` what to do.

    `edits` is the code, if it is certain. `headers` are lines that a server of an unknown kind must send.
    """

    code: CauseCode
    text: str
    fix: str
    edits: tuple[Edit, ...] = ()
    headers: tuple[str, ...] = ()
