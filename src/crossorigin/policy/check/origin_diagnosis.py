"""What is wrong with a text that should be an origin, and what to do: the texts of `origin_repair`."""

from dataclasses import dataclass

from crossorigin.policy.errors import IssueCode

_REASONS = {
    IssueCode.ORIGIN_EMPTY: 'It is empty. An empty setting gives this, because "".split(",") is [""], and so does a '
    'comma at the end: write [o for o in text.split(",") if o], or use crossorigin.settings.policy_from_env.',
    IssueCode.MULTIPLE_ORIGINS: "One string contains several origins; each must be a separate element of the list.",
    IssueCode.ORIGIN_LOOKS_LIKE_REGEX: "It looks like a regular expression. Listed origins are compared literally, so "
    "it would never match.",
    IssueCode.ORIGIN_WHITESPACE: "It contains whitespace or an invisible character; an origin never does.",
    IssueCode.ORIGIN_MISSING_SCHEME: "It has no scheme; an origin starts with a scheme such as https://.",
    IssueCode.ORIGIN_MISSPELLED_SCHEME: "Its scheme is a misspelled http:// or https://, so no browser can send it.",
    IssueCode.ORIGIN_FILE_SCHEME: (
        "For a page loaded from a file, browsers send the origin null, as they do for any sandboxed page on the web."
    ),
    IssueCode.ORIGIN_WEBSOCKET_SCHEME: "No page is loaded from a ws: or wss: URL. A WebSocket handshake sends the "
    "origin of its page, which is http: or https:.",
    IssueCode.ORIGIN_USERINFO: "It contains a user name or password; browsers leave these out of an origin.",
    IssueCode.ORIGIN_TRAILING_SLASH: "It ends with a slash. Browsers send origins without one, so it would never "
    "match.",
    IssueCode.ORIGIN_PATH: "It has a path. An origin ends after the host and port, so it would never match.",
    IssueCode.ORIGIN_QUERY: "It has a query or a fragment. An origin ends after the host and port, so it would never "
    "match.",
    IssueCode.ORIGIN_UPPERCASE: "It contains upper-case letters. Browsers send origins in lower case, and origins are "
    "compared byte for byte.",
    IssueCode.ORIGIN_NON_ASCII: "Its host is not ASCII. Browsers send such hosts in Punycode, and do not allow every "
    "character in them.",
    IssueCode.ORIGIN_NONCANONICAL_IP: "Its IP address is not in the form that browsers send.",
    IssueCode.ORIGIN_DEFAULT_PORT: "It contains the default port of its scheme; browsers leave this port out.",
    IssueCode.ORIGIN_INVALID_PORT: "Its port is not a number from 1 to 65535 without leading zeros.",
    IssueCode.ORIGIN_MISPLACED_WILDCARD: (
        'A "*" can only replace subdomains ("https://*.example.com"), the port ("http://localhost:*") or '
        'the last octets of a private address ("http://192.168.*.*").'
    ),
    IssueCode.ORIGIN_WILDCARD_BEFORE_IP: 'An IP address has no subdomains, so "*." before it matches nothing.',
    IssueCode.ORIGIN_MALFORMED: "It is not a valid origin, so no browser can send it.",
}

_INSTRUCTIONS = {
    IssueCode.MULTIPLE_ORIGINS: "write one element for each origin, in the form that browsers send: scheme://host or "
    "scheme://host:port.",
    IssueCode.ORIGIN_EMPTY: "remove it; an empty list allows no origin.",
    IssueCode.ORIGIN_USERINFO: "remove everything up to the @; browsers connect to the host after it.",
    IssueCode.ORIGIN_FILE_SCHEME: (
        "serve the page over HTTP during development, and list the origin of that server, for "
        'example "http://localhost:8080".'
    ),
    IssueCode.ORIGIN_LOOKS_LIKE_REGEX: "move it to allow_origin_regex, which must match the whole origin, and escape "
    "each dot in the host.",
    IssueCode.ORIGIN_INVALID_PORT: (
        "write the port that the page is served from, leave out a default port, or write :* for any port."
    ),
    IssueCode.ORIGIN_MISPLACED_WILDCARD: (
        'list each origin, or match them with allow_origin_regex; without credentials, ["*"] allows any origin.'
    ),
}
_INSTRUCTION = "write the origin in the form that browsers send: scheme://host or scheme://host:port."

_EXTENSION_INSTRUCTION = (
    'write the ID of your extension, as in "chrome-extension://abcdefghijklmnopabcdefghijklmnop"; if its ID is '
    'different in each browser, leave out allow_credentials and allow any origin, ["*"].'
)
_EXTENSION_SCHEMES = frozenset({"chrome-extension", "moz-extension", "safari-extension", "safari-web-extension"})
_WEBVIEW_INSTRUCTION = (
    'leave out allow_credentials and allow any origin, ["*"], because VS Code gives each webview its own host; or let '
    "the extension send the requests outside the webview, where CORS does not apply."
)
# The origins of the pages in an app, by the scheme of its framework.
APP_ORIGINS = {
    "app": "app://.",
    "capacitor": "capacitor://localhost",
    "ionic": "ionic://localhost",
    "tauri": "tauri://localhost",
}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The errors in a text that should be an origin, and their fix.

    `code` is the code of the first error, and `reason` describes all of them. `replacements` are the origins or
    patterns to write instead. If there are none, `instruction` says what to do.
    """

    code: IssueCode
    reason: str
    replacements: tuple[str, ...]
    instruction: str


def diagnosis_of(codes: list[IssueCode], replacements: tuple[str, ...] = (), instruction: str = "") -> Diagnosis:
    """Return the diagnosis of a text with these errors; without any, the text is malformed."""
    codes = codes or [IssueCode.ORIGIN_MALFORMED]
    instruction = instruction or next((_INSTRUCTIONS[code] for code in codes if code in _INSTRUCTIONS), _INSTRUCTION)
    return Diagnosis(codes[0], " ".join(_REASONS[code] for code in codes), replacements, instruction)


def instruction_for(scheme: str) -> str:
    """Return what to write for an origin of an extension or an app, or an empty text."""
    if scheme in _EXTENSION_SCHEMES:
        return _EXTENSION_INSTRUCTION
    if scheme == "vscode-webview":
        return _WEBVIEW_INSTRUCTION
    if scheme in APP_ORIGINS:
        return f'write the origin that the pages of your app have, for example "{APP_ORIGINS[scheme]}".'
    return ""
