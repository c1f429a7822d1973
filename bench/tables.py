"""The Markdown tables of the results."""

from collections.abc import Iterable, Mapping, Sequence

from bench.case import Case
from bench.cases import ACTUAL, HOSTILE, ORIGINS, PATTERNS, PREFLIGHT
from bench.contenders import CONTENDERS
from bench.more_cases import EXTRAS, UNLISTED, UNLISTED_PREFLIGHTS, WEBSOCKETS
from bench.ratios import TARGETS, chunk_cost, extra_cost, policy_ratios, ratios
from bench.results import Results, RouteResults
from bench.route_cases import LOOK_UPS, RESPONSES
from bench.startup import ORIGINS as BUILT_ORIGINS

NAMES = {
    "bare": "bare app",
    "nothing": "does nothing",
    "wrap": "wraps `send`",
    "asgi-cors": "asgi-cors",
    "litestar": "Litestar",
    "starlette": "Starlette",
    "ours": "crossorigin",
    "by-hand": "by hand",
}
NO_VALUE = "-"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table with text in the first column and numbers in the others."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _number(value: float | None) -> str:
    return NO_VALUE if value is None else f"{value:,.0f}"


def _percent(value: float | None, limit: float | None = None) -> str:
    if value is None:
        return NO_VALUE
    shown = f"{100 * value:.1f} %"
    return shown if limit is None else f"{shown} (≤ {100 * limit:.4g} %)"


def _span(times: Mapping[str, float] | None) -> str:
    return f"{times['minimum']:.1f} / {times['median']:.1f}" if times else NO_VALUE


def instructions(results: Results, cases: Sequence[Case]) -> str:
    """Return the extra cost over the bare app, and ours as a share of Starlette's."""
    counts = results["instructions"]
    shares = ratios(counts)
    contenders = [name for name in CONTENDERS if name != "bare" and any(name in counts[case.name] for case in cases)]
    contenders.sort(key=list(NAMES).index)

    def row(name: str, costs: Sequence[float | None]) -> list[str]:
        key = f"{name} / starlette"
        return [f"`{name}`", *map(_number, costs), _percent(shares.get(key), TARGETS.get(key))]

    rows = [
        row(
            case.name,
            [extra_cost(counts, case.name, name) if name in counts[case.name] else None for name in contenders],
        )
        for case in cases
    ]
    if cases is ACTUAL:
        rows.append(row("chunk", [chunk_cost(counts, contender) for contender in contenders]))
    return table(["Case", *(NAMES[name] for name in contenders), "of Starlette's"], rows)


def microseconds(results: Results) -> str:
    """Return the minimum and median time of whole requests, for the ordinary cases."""
    times = {case.name: results["microseconds"][case.name] for case in (*ACTUAL, *PREFLIGHT)}
    contenders = [name for name in NAMES if any(name in row for row in times.values())]
    rows = [[f"`{case}`", *(_span(row.get(contender)) for contender in contenders)] for case, row in times.items()]
    return table(["Case", *(NAMES[name] for name in contenders)], rows)


def end_to_end(results: Results) -> str:
    """Return the cost of whole requests, and the increase over the same request without CORS."""
    rows: list[list[str]] = []
    for framework, row in results["end_to_end"].items():
        limit = TARGETS[f"end to end / {framework}"] - 1
        for contender, count in row.items():
            increase = None if contender == "bare" else count / row["bare"] - 1
            shown = _percent(increase, limit if contender == "ours" else None)
            name = {"bare": "no CORS", "starlette": "Starlette's middleware"}.get(contender, NAMES[contender])
            rows.append([f"{NAMES.get(framework, 'FastAPI')}, {name}", _number(count), shown])
    return table(["App and CORS headers", "instructions", "increase"], rows)


def look_ups(routes: RouteResults) -> str:
    """Return the costs of a look-up and a preflight, compared with the framework's own routing to the same endpoint.

    Only the tables of 100 routes are shown.
    """
    rows: list[list[str]] = []
    for case in LOOK_UPS:
        if "1000" in case.name or ("100" not in case.name and "10x10" not in case.name):
            continue
        counts, times = routes["instructions"][case.name], routes["microseconds"][case.name]
        targets = ("routing", "look-up", "preflight")
        rows.append(
            [
                f"`{case.name}`",
                *(_number(counts[name]) for name in targets),
                _percent(counts["preflight"] / counts["routing"], TARGETS.get(f"{case.name} preflight / routing")),
                *(_span(times[name]) for name in targets),
            ]
        )
    head = ["Routes", "routing", "look-up", "preflight", "preflight / routing"]
    return table([*head, "routing, µs", "look-up, µs", "preflight, µs"], rows)


def by_route(routes: RouteResults) -> str:
    """Return the extra cost of an endpoint's response over the bare app, by the place where policies are attached."""
    rows: list[list[str]] = []
    for case in RESPONSES:
        counts, times = routes["instructions"][case.name], routes["microseconds"][case.name]
        rows += [
            [
                f"`{case.name}`" if name == "plain" else f"`{case.name}`, {name}",
                _number(counts[name] - counts["bare"]),
                _percent(counts[name] / counts["bare"] - 1),
                _span(times["bare"]),
                _span(times[name]),
            ]
            for name in counts
            if name != "bare"
        ]
    return table(["Policies", "instructions", "increase", "bare app, µs", "with CORS, µs"], rows)


def flask(results: Results) -> str:
    """Return the increase of a whole request to a Flask app over the same request without CORS."""
    rows = [
        [f"`{case}`", _number(row["bare"]), *(_percent(row[name] / row["bare"] - 1) for name in ("flask-cors", "ours"))]
        for case, row in results["flask"].items()
    ]
    return table(["Case", "instructions without CORS", "Flask-Cors", "crossorigin"], rows)


def django(results: Results) -> str:
    """Return the increase of a whole request to a Django project over the same request without CORS."""
    rows = [
        [
            f"`{case}`",
            _number(row["bare"]),
            *(
                _percent(row[name] / row["bare"] - 1) if name in row else "-"
                for name in ("django-cors-headers", "ours")
            ),
        ]
        for case, row in results["django"].items()
    ]
    return table(["Case", "instructions without CORS", "django-cors-headers", "crossorigin"], rows)


def aiohttp(results: Results) -> str:
    """Return the increase of a whole request to an aiohttp app over the same request without CORS."""
    peers = ("aiohttp-cors", "ours")
    rows = [
        [f"`{case}`", _number(row["bare"]), *(_percent(row[name] / row["bare"] - 1) for name in peers)]
        for case, row in results["aiohttp"].items()
    ]
    return table(["Case", "instructions without CORS", "aiohttp-cors", "crossorigin"], rows)


def startup(results: Results) -> str:
    """Return the costs before the first request."""
    imports, builds = results["imports"], results["builds"]
    rows = {
        "modules that the import loads": [_number(cost["modules"]) for cost in imports.values()],
        "instructions of the import": [_number(cost["instructions"]) for cost in imports.values()],
        f"instructions to build it with {BUILT_ORIGINS:,} origins": [
            _number(it["instructions"]) for it in builds.values()
        ],
        "seconds to build it on this machine": [f"{cost['seconds']:.2f}" for cost in builds.values()],
        "bytes per origin": [f"{cost['bytes_per_origin']:.1f}" for cost in builds.values()],
    }
    built = table(["", *(NAMES[name] for name in imports)], [[title, *cells] for title, cells in rows.items()])
    of_policies = policy_ratios(results["long_policies"])
    shown = [[name, f"{value:.2f} (≤ {TARGETS[name]:.4g})"] for name, value in of_policies.items()]
    return f"{built}\n\n{table([f'{BUILT_ORIGINS:,} origins', 'times'], shown)}"


def blocks(results: Results) -> dict[str, str]:
    """Return every table, by the name of its placeholder in the document."""
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    return {
        "versions": f"Measured with {versions}, on {results['interpreter']}.",
        "actual": instructions(results, ACTUAL),
        "preflight": instructions(results, PREFLIGHT),
        "unlisted": instructions(results, [*UNLISTED, *UNLISTED_PREFLIGHTS]),
        "extras": instructions(results, [*EXTRAS, *WEBSOCKETS]),
        "lists": instructions(results, [*ORIGINS, *PATTERNS]),
        "hostile": instructions(results, [case for case in HOSTILE if "1m" in case.name or "origin" in case.name]),
        "end-to-end": end_to_end(results),
        "look-ups": look_ups(results["routes"]),
        "by-route": by_route(results["routes"]),
        "flask": flask(results),
        "django": django(results),
        "aiohttp": aiohttp(results),
        "startup": startup(results),
        "time": microseconds(results),
    }


def fill(document: str, results: Results) -> str:
    """Return the document with the current tables between its placeholders."""
    for name, text in blocks(results).items():
        before, found, rest = document.partition(f"<!-- measured: {name} -->\n")
        _, end, after = rest.partition("<!-- end -->\n")
        if not (found and end):
            raise ValueError(f"The document has no placeholder for the table {name!r}.")
        document = f"{before}{found}\n{text}\n\n{end}{after}"
    return document
