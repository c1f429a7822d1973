"""Spellings of headers, methods, values and statuses: correct, unusual and invalid ones."""

ACAO = "Access-Control-Allow-Origin"
ACAC = "Access-Control-Allow-Credentials"
ACAM = "Access-Control-Allow-Methods"
ACAH = "Access-Control-Allow-Headers"
ACEH = "Access-Control-Expose-Headers"
ACMA = "Access-Control-Max-Age"

Lines = tuple[str, ...]


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


GRANT: Lines = (f"{ACAO}: {{page}}", f"{ACAC}: true")
ANYONE: Lines = (f"{ACAO}: *",)
NULL: Lines = (f"{ACAO}: null", f"{ACAC}: true")
JSON = ("Content-Type", "application/json")

# Every spelling of an allowed origin that is known from real servers, and a few more.
ORIGIN_LINES: tuple[Lines, ...] = (
    (),
    *(
        (f"{ACAO}: {value}",)
        for value in (
            "*",
            "{page}",
            "null",
            "",
            "NULL",
            "Null",
            "**",
            "'*'",
            '"*"',
            '"{page}"',
            "<{page}>",
            "[{page}]",
            "{page}/",
            "{page}/*",
            "{page}?",
            "{page}#",
            "{page}.",
            "{page}:80",
            "{page}0",
            "{page};",
            "{page},",
            ",{page}",
            ", {page}",
            "*,",
            ",*",
            "*;",
            "{page} {page}",
            "{page}, {page}",
            "{page},{page}",
            "{page},*",
            "*, {page}",
            "*, *",
            "* *",
            "{page} {api}",
            "{api}, {page}",
            "{api}",
            "null, {page}",
            "null, null",
            "http://127.0.0.1",
            "127.0.0.1",
            "//127.0.0.1",
            "http://*",
            "http://127.0.0.1:*",
            "http://localhost",
            "https://example.com",
            "http://user@127.0.0.1",
            "http:",
            "http://",
            "about:blank",
            "file:///",
            "true",
            "undefined",
            "%2A",
            "http%3A%2F%2F127.0.0.1",
            "http://b\xfccher.example",
            "\x01",
        )
    ),
    (f"{ACAO}:*",),
    (f"{ACAO}:\t*\t",),
    (f"{ACAO}:   {{page}}   ",),
    (f"{ACAO}: \t {{page}} \t",),
    (f"{ACAO.lower()}: *",),
    (f"{ACAO.upper()}: {{page}}",),
    ("aCCESS-cONTROL-aLLOW-oRIGIN: *",),
    (f"{ACAO}: HTTP://127.0.0.1",),
    (f"{ACAO}: *", f"{ACAO}: *"),
    (f"{ACAO}: {{page}}", f"{ACAO}: {{page}}"),
    (f"{ACAO}: {{page}}", f"{ACAO}: *"),
    (f"{ACAO}: *", f"{ACAO.lower()}: {{page}}"),
    (f"{ACAO}: {{page}}", f"{ACAO}: {{api}}"),
    (f"{ACAO}: ", f"{ACAO}: *"),
    (f"{ACAO}: *", f"{ACAO}: "),
    (f"{ACAO}: ", f"{ACAO}: {{page}}"),
    (f"{ACAO}: null", f"{ACAO}: {{page}}"),
    ("Access-Control-Allow-Origins: *",),
    ("Access-Control-Allow_Origin: *",),
    ("X-Access-Control-Allow-Origin: *",),
    ("Access-Control-Allow: *",),
    ("Allow-Origin: *",),
    ("Origin: {page}",),
    ("Timing-Allow-Origin: *",),
    ("Cross-Origin-Resource-Policy: cross-origin",),
)

CREDENTIALS_LINES: tuple[Lines, ...] = (
    (),
    *(
        (f"{ACAC}: {value}",)
        for value in (
            "true", "True", "TRUE", "tRue", "false", "", "1", "yes", "*", "include", '"true"', "'true'",
            "true;", "true,", ",true", "true, true", "true true", "true,false", "null", "true\xa0",
        )
    ),
    (f"{ACAC}:true",),
    (f"{ACAC}: \t true \t ",),
    (f"{ACAC.upper()}: true",),
    (f"{ACAC.lower()}: true",),
    (f"{ACAC}: true", f"{ACAC}: true"),
    (f"{ACAC}: true", f"{ACAC}: false"),
    (f"{ACAC}: ", f"{ACAC}: true"),
    ("Access-Control-Allow-Credential: true",),
)  # fmt: skip

METHODS = (
    "GET", "get", "Head", "post", "PUT", "put", "pUt", "DELETE", "delete", "OPTIONS", "options", "PATCH",
    "patch", "Patch", "QUERY", "query", "PROPFIND", "M-SEARCH", "CHICKEN", "chicken", "foo!", "x.y~z", "0",
    "GETX", "xput", "LINK",
)  # fmt: skip

# Lists of methods and, with other names, of headers. `{}` is the required name.
LISTS: tuple[tuple[str, ...], ...] = (
    (),
    ("",),
    ("{}",),
    ("*",),
    ("* ",),
    ("**",),
    ("*x",),
    (",{}",),
    ("{},,x",),
    (" {} , x ",),
    ("x\t,\t{}",),
    ("x,{}",),
    ("x", "{}"),
    ("{}", "{}"),
    ("", "{}"),
    ("*, {}",),
    ("x, *",),
    (",",),
    (",,,{}",),
    ("{};",),
    ("{}; x",),
    ("{} x",),
    ("x, {} y",),
    ('"{}"',),
    ("'{}'",),
    ("[{}]",),
    ("{}, @",),
    ("@, {}",),
    ("@", "{}"),
    ("{}", "x y"),
    ("{}/",),
    ("{}\xe9",),
    ("x={}",),
    ("(all)",),
    ("{}" + ", x" * 200,),
    ("x, " * 200 + "{}",),
)

STATUSES = (
    "200 OK", "200 ", "201 Created", "202 Accepted", "203 Other", "204 No Content", "205 Reset", "206 Partial Content",
    "207 Multi-Status", "226 IM Used", "250 Own", "299 Own", "300 Multiple Choices", "301 Moved", "302 Found",
    "303 See Other", "304 Not Modified", "305 Use Proxy", "306 Unused", "307 Temporary Redirect", "308 Permanent",
    "310 Own", "399 Own", "400 Bad Request", "401 Unauthorized", "402 Pay", "403 Forbidden", "404 Not Found",
    "405 Method Not Allowed", "406 No", "409 Conflict", "410 Gone", "412 Precondition Failed", "413 Too Large",
    "415 Unsupported", "418 Teapot", "422 Unprocessable", "429 Too Many", "431 Too Large", "451 Legal", "499 Own",
    "500 Internal", "501 Not Implemented", "502 Bad Gateway", "503 Unavailable", "504 Timeout", "511 Network",
    "599 Own", "600 Own", "999 Own",
)  # fmt: skip

# Request headers at the limits of what is CORS-safelisted.
_PLAIN = ("", "x", "a" * 127, "a" * 128, "a" * 129, "a/b;q=0.5, *", "a,b", "a;b=c", "a b", "a-b.c*d", "a\tb", "\xe9")
_SIGNED = tuple(f"a{sign}b" for sign in "/_+~!\"():<>?@[\\]{}%'=\x7f\x01")
_TYPES = (
    *_words("text/plain TEXT/PLAIN text/plain;charset=utf-8 text/plain;x=y;z text/plain; text/plain,text/plain"),
    *_words("text/plain/x text text/ /plain */* text/* text/html text/xml application/json multipart/mixed"),
    *_words("application/x-www-form-urlencoded application/x-www-form-urlencoded;charset=utf-8"),
    *_words("Application/X-WWW-Form-URLEncoded multipart/form-data multipart/form-data;boundary=x"),
    *_words('text/plain;x="y" text/plain;x=(y) text/plain;x=y:z application/csp-report application/xml text/plainx'),
    *(
        "text/plain; charset=UTF-8",
        "text/plain; ",
        "text/plain, application/json",
        "",
        "text/plain\t;x=y",
        "text /plain",
    ),
    *("application/json;text/plain", "text/plain; application/json", "text/ plain"),
    *("text/plain;x=" + "a" * 115, "text/plain;x=" + "a" * 116),
)
_RANGES = (
    *_words("bytes=0- bytes=0-1 bytes=1-0 bytes=5-5 bytes=-5 bytes=0-1,3-4 bytes= bytes bytes=a-b items=0-1"),
    *_words("Bytes=0-1 BYTES=0- bytes=00-01 bytes=+1-2 bytes=0--1 bytes=0-2147483648 bytes=4294967296-"),
    *("", "bytes=0 -1", "bytes= 0-1", "bytes=0-1 ", "bytes\t=0-1"),
    *("bytes=0-9223372036854775807", "bytes=0-99999999999999999999", "bytes=99999999999999999999-"),
)
_NAMES = (
    *_words("DPR Save-Data Width Downlink Viewport-Width RTT ECT Device-Memory User-Agent Authorization"),
    *_words("If-None-Match If-Modified-Since Cache-Control Pragma Last-Event-ID Content-Location Content-Encoding"),
    *_words("Accept-Datetime Purpose Max-Forwards Upgrade-Insecure-Requests X-HTTP-Method-Override Link"),
    *_words("From X-Forwarded-For X-Requested-With Vary Early-Data a !#$%&'*+-.^_`|~ Access-Control-Allow-Origin"),
    *("Access-Control-Request-Private-Network", "x" * 300),
)
VALUES: tuple[tuple[str, str], ...] = (
    *(("Accept", value) for value in (*_PLAIN, *_SIGNED)),
    *(("Accept-Language", value) for value in (*_PLAIN, *_SIGNED)),
    *(("Content-Language", value) for value in (*_PLAIN, *_SIGNED)),
    *(("Content-Type", value) for value in _TYPES),
    *(("Range", value) for value in _RANGES),
    *((name, "1") for name in _NAMES),
    *(("Save-Data", value) for value in ("on", "ON", "off")),
    *(("DPR", "x"), ("DPR", "1.5"), ("ECT", "4g"), ("RTT", "x"), ("Width", "1.5"), ("Downlink", "1.")),
    *(("X-HTTP-Method", value) for value in ("PUT", "TRACE", "TRACEX", "trace, GET")),
    *(("X-HTTP-Method-Override", value) for value in ("GET, CONNECT", "TRACK,")),
    ("X-Method-Override", "trace"),
)

FORBIDDEN = _words(
    "Accept-Charset Accept-Encoding Access-Control-Request-Headers Access-Control-Request-Method Connection "
    "Content-Length Cookie Cookie2 Date DNT Expect Host Keep-Alive Origin Referer Set-Cookie TE Trailer "
    "Transfer-Encoding Upgrade Via Proxy-X Sec-X proxy- SEC-"
)

HEADER_SETS: tuple[tuple[tuple[str, str], ...], ...] = (
    (("X-Zed", "1"), ("x-Alpha", "2"), JSON, ("X-Beta", "3"), ("Accept", "a/b")),
    (("X-One", "1"), ("x-one", "2")),
    (("x_one", "1"), ("x-one", "2"), ("x", "3"), ("X!", "4"), ("X.y", "5")),
    (("Accept", "a" * 100), ("Accept-Language", "a" * 100), ("Content-Language", "a" * 100)),
    (("Accept", "a" * 128), ("Accept", "a" * 10)),
    (("Accept", "a" * 60), ("Accept", "a" * 60)),
    (("Content-Type", "text/plain"), ("Content-Type", "text/plain")),
    (("Authorization", "a"), ("X-One", "1")),
    (("Authorization", "a"),),
    (("X-One", ""),),
    (("X-One", " \t padded \t "),),
    (("X-One", "\xe9\xff"),),
    (("X-One", "v" * 4000),),
    tuple((f"x-{n}", "1") for n in range(40)),
)

EXPOSED: tuple[tuple[str, ...], ...] = (
    (),
    ("",),
    ("X-One",),
    ("x-one",),
    ("X-ONE, x-two",),
    ("x-one,x-two",),
    ("x-one", "x-two"),
    ("x-one,,x-two",),
    (",x-one",),
    ("x-one,",),
    (" x-one ",),
    ("x-one;",),
    ("x-one x-two",),
    ("x-one, @",),
    ("@, x-one",),
    ("x-one, x y",),
    ('"x-one"',),
    ("x-one", "@"),
    ("@", "x-one"),
    ("*",),
    ("*, x-one",),
    ("*", "x-one"),
    ("x-one, *",),
    ("*, @",),
    ("* ",),
    ("**",),
    ("x-*",),
    ("Set-Cookie, x-one",),
    ("Set-Cookie2",),
    ("content-type",),
    ("not-there",),
    ("etag, location, date, server",),
    ("x-one\t,\tx-two",),
    ("x-one, x-one",),
    ("x-one\xe9",),
    ("x-one" + ", y" * 300,),
)

REDIRECTS = ("301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent")

AGES: tuple[tuple[str, ...], ...] = (
    (),
    *((value,) for value in _words("0 -1 1000 01000 +1000 abc 1000.5 1000s 0x10 1000;x 1000, ,1000 1e3 -0 --1 1_000")),
    *((value,) for value in ("", " 1000 ", "\t1000", "1000, 1000", "1000 1000", '"1000"', "\xe91000")),
    *((value,) for value in _words("99999999999999999999 9223372036854775808 4294967296 2147483648")),
    ("1000", "1000"),
    ("1000", "0"),
    ("0", "1000"),
)

ALL: Lines = (f"{ACAM}: *", f"{ACAH}: *, authorization")
