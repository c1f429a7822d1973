"""The report on any response can be read and printed."""

from importlib.resources import files
from json import dumps, loads

from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from crossorigin.browser import ENGINES, BrowserRequest, HttpResponse, Verdict, run
from crossorigin.doctor.diagnosis import diagnose
from crossorigin.doctor.output.document import document
from crossorigin.doctor.output.report import report
from tests.unit.browser.scripted_fetch import API, PAGE

_VALIDATOR = Draft202012Validator(loads((files("crossorigin.doctor") / "check.schema.json").read_text("utf-8")))

names = st.sampled_from(
    [
        b"Access-Control-Allow-Origin",
        b"access-control-allow-credentials",
        b"Access-Control-Allow-Methods",
        b"Access-Control-Allow-Headers",
        b"Access-Control-Expose-Headers",
        b"Access-Control-Max-Age",
        b"Location",
        b"Vary",
        b"Server",
        b"WWW-Authenticate",
    ]
)
values = st.sampled_from([PAGE.encode(), b"*", b"true", b"PUT", b"x-token", b"600", b"Origin", b"origin"]) | st.binary()
responses = st.builds(
    HttpResponse,
    status=st.sampled_from([200, 204, 302, 304, 307, 400, 401, 404, 500]),
    headers=st.lists(st.tuples(names, values), max_size=8).map(tuple),
)
asked = st.builds(
    BrowserRequest,
    url=st.just(f"{API}/items"),
    origin=st.sampled_from([PAGE, "null"]),
    method=st.sampled_from(["GET", "PUT", "patch", "TRACE"]),
    headers=st.sampled_from([(), (("X-Token", "1"),), (("Authorization", "a"), ("Cookie", "b"))]),
    credentials=st.sampled_from(["omit", "include"]),
    mode=st.sampled_from(["cors", "no-cors", "same-origin"]),
)


@given(request=asked, answers=st.lists(responses | st.none(), min_size=1, max_size=3))
def test_whatever_is_answered_is_reported(request: BrowserRequest, answers: list[HttpResponse | None]) -> None:
    """The text is printable, line by line. The document follows its schema, and both agree with the verdict."""
    verdicts: list[Verdict] = []
    for engine in ENGINES:
        left = iter(answers)
        verdicts.append(run(request, lambda _, left=left: next(left, None), engine=engine))
    found = diagnose(verdicts)
    for width in (20, 100):
        assert all(line.text.isprintable() for line in report(found, width=width))
    written = loads(dumps(document(found)))
    _VALIDATOR.validate(written)
    assert written["allowed"] == all(verdict.allowed for verdict in verdicts)
    assert (written["reason"] is None) == (written["fix"] is None) == written["allowed"]
