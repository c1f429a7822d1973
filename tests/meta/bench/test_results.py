"""The page shows the measured results, and every case measures what its name says."""

import json
from pathlib import Path

import pytest

from bench import aiohttp, django, flask
from bench.case import Case
from bench.cases import CASES
from bench.chart import draw
from bench.results import Results
from bench.route_cases import ROUTE_CASES, RouteCase
from bench.routes import requests
from bench.tables import fill
from bench.traffic import new_scope
from bench.worker import check

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def results() -> Results:
    """The committed results of the last measurement."""
    measured: Results = json.loads((ROOT / "bench" / "results.json").read_text("utf-8"))
    return measured


def test_the_tables_of_the_document_are_those_that_were_measured(results: Results) -> None:
    """The tables are generated from the results."""
    document = (ROOT / "docs" / "performance.md").read_text("utf-8")
    assert fill(document, results) == document


def test_the_picture_is_the_one_that_was_measured(results: Results) -> None:
    """The chart is generated from the results."""
    assert (ROOT / "docs" / "performance.svg").read_text("utf-8") == draw(results)


def test_every_case_was_measured_with_ours(results: Results) -> None:
    """The committed results contain every case."""
    assert {case for case, row in results["instructions"].items() if "ours" in row} == CASES.keys()


MEASURED = [
    (contender, case)
    for case in CASES.values()
    # A middleware of 100,000 origins takes long to build and adds nothing to this test.
    if not case.name.startswith(("origins-100000", "patterns-10000"))
    for contender in ("starlette", "litestar", "ours")
    if case.takes(contender)
]


@pytest.mark.parametrize(("contender", "case"), MEASURED, ids=lambda it: it.name if isinstance(it, Case) else it)
def test_a_case_is_what_it_is_called(contender: str, case: Case) -> None:
    """The measured request is allowed if the name of its case says so, by each middleware that is installed here."""
    app = case.build(contender)
    assert app
    check(contender, case, app)


@pytest.mark.parametrize(
    "case", [case for case in ROUTE_CASES.values() if "-1000-" not in case.name], ids=lambda it: it.name
)
def test_a_route_case_is_what_it_is_called(case: RouteCase) -> None:
    """A request to an app with per-route policies is answered by the policy in the name of the case."""
    for target in case.build().values():
        target.check(requests(case, target, 1)[0])


def test_every_route_case_was_measured(results: Results) -> None:
    """The committed results contain every case."""
    assert results["routes"]["instructions"].keys() == results["routes"]["microseconds"].keys() == ROUTE_CASES.keys()


def test_no_two_requests_share_a_byte_string() -> None:
    """Hashing a byte string once makes the next request with the same object look faster."""
    headers = CASES["actual-1"].headers(0)
    first, second = (new_scope("GET", headers)["headers"] for _ in range(2))
    assert first == second
    shared = {id(part) for header in first for part in header} & {id(part) for header in second for part in header}
    assert not shared


def test_an_app_that_is_not_measured_as_called_is_refused() -> None:
    """A middleware that does not allow the request is not measured."""
    case = CASES["actual-1"]
    with pytest.raises(RuntimeError, match="ours refuses actual-1"):
        check("ours", case, case.app)


def test_flask_costs_what_was_promised(results: Results) -> None:
    """An ordinary request costs at most 3 % more and no more than with Flask-Cors, for any number of origins."""
    counts = results["flask"]
    assert list(counts) == list(flask.CASES)
    assert flask.problems(counts) == []
    increase = {case: row["ours"] / row["bare"] - 1 for case, row in counts.items()}
    for kind in ("allowed", "refused"):
        assert all(abs(increase[f"{kind}-{count}"] - increase[kind]) < 0.02 for count in (1000, 100_000))


def test_too_high_a_cost_of_flask_is_a_problem() -> None:
    """Both limits are checked, each where it applies."""
    row = {"bare": 100.0, "flask-cors": 110.0, "ours": 104.0}
    (ordinary,) = flask.problems({"allowed": row})
    assert ordinary == "flask allowed: 4.0% more than without CORS exceeds the limit, 3%"
    assert flask.problems({"refused": row, "by-route": row}) == []
    (dearer,) = flask.problems({"refused": {**row, "ours": 121.0}})
    assert dearer == "flask refused: 1.10 times the cost of Flask-Cors"


@pytest.mark.parametrize(
    "case", [case for case in flask.CASES.values() if case.origins < 100_000], ids=lambda it: it.name
)
@pytest.mark.parametrize("contender", flask.CONTENDERS)
def test_a_case_of_flask_is_what_it_is_called(contender: str, case: flask.FlaskCase) -> None:
    """The measured request is allowed if the name of its case says so."""
    flask.check(case, contender, flask.build(case, contender))


def test_django_costs_what_was_promised(results: Results) -> None:
    """An ordinary request costs at most 6 % more (WSGI) or 2.5 % (ASGI), and none more than with the peer."""
    counts = results["django"]
    assert list(counts) == list(django.CASES)
    assert django.problems(counts) == []
    increase = {case: row["ours"] / row["bare"] - 1 for case, row in counts.items()}
    for kind in ("wsgi-allowed", "wsgi-refused", "asgi-allowed", "asgi-refused"):
        assert all(abs(increase[f"{kind}-{count}"] - increase[kind]) < 0.015 for count in (1000, 100_000))


def test_too_high_a_cost_of_django_is_a_problem() -> None:
    """Both limits are checked, each where it applies, and the peer only where it is measured."""
    row = {"bare": 100.0, "django-cors-headers": 110.0, "ours": 107.0}
    (ordinary,) = django.problems({"wsgi-allowed": row})
    assert ordinary == "django wsgi-allowed: 7.0% more than without CORS exceeds the limit, 6.0%"
    assert len(django.problems({"asgi-allowed": {**row, "ours": 103.0}})) == 1
    assert django.problems({"wsgi-refused": row, "wsgi-preflight": row}) == []
    assert django.problems({"wsgi-refused-100000": {"bare": 100.0, "ours": 107.0}}) == []
    (dearer,) = django.problems({"wsgi-refused": {**row, "ours": 121.0}})
    assert dearer == "django wsgi-refused: 1.10 times the cost of django-cors-headers"


def test_aiohttp_costs_what_was_promised(results: Results) -> None:
    """No request costs more than with aiohttp-cors, and every case was measured."""
    counts = results["aiohttp"]
    assert list(counts) == list(aiohttp.CASES)
    assert aiohttp.problems(counts) == []


def test_too_high_a_cost_of_aiohttp_is_a_problem() -> None:
    """Each request is compared with the other package."""
    (found,) = aiohttp.problems({"refused": {"bare": 100.0, "aiohttp-cors": 110.0, "ours": 121.0}})
    assert found == "aiohttp refused: 1.10 times the cost of aiohttp-cors"


@pytest.mark.parametrize("case", aiohttp.CASES.values(), ids=lambda it: it.name)
@pytest.mark.parametrize("contender", aiohttp.CONTENDERS)
async def test_a_case_of_aiohttp_is_what_it_is_called(contender: str, case: aiohttp.AiohttpCase) -> None:
    """Each app answers the request as the name of the case says."""
    await aiohttp.check(case, contender)
