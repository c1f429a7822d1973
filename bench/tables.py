"""Write what was measured as Markdown."""

from collections.abc import Iterable, Mapping, Sequence

from bench.cases import ACTUAL, HOSTILE, ORIGINS, PATTERNS, PREFLIGHT, Case
from bench.contenders import CONTENDERS
from bench.ratios import TARGETS, chunk, over, ratios
from bench.results import Results
from bench.routes import Routes
from bench.scenes import ANSWERS, LOOK_UPS
from bench.startup import ORIGINS as BUILT

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
GAP = "-"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table whose first column is text and whose others are numbers."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _number(value: float | None) -> str:
    return GAP if value is None else f"{value:,.0f}"


def _percent(value: float | None, limit: float | None = None) -> str:
    if value is None:
        return GAP
    shown = f"{100 * value:.1f} %"
    return shown if limit is None else f"{shown} (≤ {100 * limit:.0f} %)"


def _span(times: Mapping[str, float] | None) -> str:
    return f"{times['minimum']:.1f} / {times['median']:.1f}" if times else GAP


def instructions(results: Results, cases: Sequence[Case]) -> str:
    """Return the cost over the bare app, and ours as a share of Starlette's."""
    counts = results["instructions"]
    shares = ratios(counts)
    contenders = [name for name in CONTENDERS if name != "bare" and any(name in counts[case.name] for case in cases)]
    contenders.sort(key=list(NAMES).index)

    def row(name: str, costs: Sequence[float | None]) -> list[str]:
        key = f"{name} / starlette"
        return [f"`{name}`", *map(_number, costs), _percent(shares.get(key), TARGETS.get(key))]

    rows = [
        row(case.name, [over(counts, case.name, it) if it in counts[case.name] else None for it in contenders])
        for case in cases
    ]
    if cases is ACTUAL:
        rows.append(row("chunk", [chunk(counts, contender) for contender in contenders]))
    return table(["Case", *(NAMES[name] for name in contenders), "of Starlette's"], rows)


def growth(results: Results) -> str:
    """Return what grows, as a multiple of our own ordinary request."""
    found = ratios(results["instructions"])
    rows = [
        [f"`{case}`", f"`{ordinary}`", f"{found[name]:.2f}", f"{TARGETS[name]:.1f}"]
        for name in found
        for case, ordinary in [name.split(" / ")]
        if name in TARGETS and ordinary in results["instructions"]
    ]
    return table(["Case", "beside", "times its cost", "at most"], rows)


def microseconds(results: Results) -> str:
    """Return minimum and median of the whole request."""
    times = results["microseconds"]
    contenders = [name for name in NAMES if any(name in row for row in times.values())]
    rows = [[f"`{case}`", *(_span(row.get(contender)) for contender in contenders)] for case, row in times.items()]
    return table(["Case", *(NAMES[name] for name in contenders)], rows)


def end_to_end(results: Results) -> str:
    """Return the whole request, and what it is more than the one without CORS."""
    rows: list[list[str]] = []
    for framework, row in results["end_to_end"].items():
        limit = TARGETS[f"end to end / {framework}"] - 1
        for contender, count in row.items():
            more = None if contender == "bare" else count / row["bare"] - 1
            shown = _percent(more, limit if contender == "ours" else None)
            name = {"bare": "no CORS", "starlette": "Starlette's middleware"}.get(contender, NAMES[contender])
            rows.append([f"{NAMES.get(framework, 'FastAPI')}, {name}", _number(count), shown])
    return table(["App, and its CORS headers", "instructions", "more than without"], rows)


def look_ups(routes: Routes) -> str:
    """Return what a look-up and a preflight cost, beside the framework's own way to the same endpoint."""
    rows: list[list[str]] = []
    for scene in LOOK_UPS:
        counts, times = routes["instructions"][scene.name], routes["microseconds"][scene.name]
        asked = ("routing", "look-up", "preflight")
        rows.append(
            [
                f"`{scene.name}`",
                *(_number(counts[name]) for name in asked),
                f"{counts['preflight'] / counts['routing']:.1f}",
                *(_span(times[name]) for name in asked),
            ]
        )
    head = ["Routes", "routing", "one look-up", "a preflight", "times the routing"]
    return table([*head, "routing, µs", "one look-up, µs", "a preflight, µs"], rows)


def by_route(routes: Routes) -> str:
    """Return what the response of an endpoint costs over the bare app, by where policies are attached."""
    rows: list[list[str]] = []
    for scene in ANSWERS:
        counts, times = routes["instructions"][scene.name], routes["microseconds"][scene.name]
        rows += [
            [
                f"`{scene.name}`" if name == "plain" else f"`{scene.name}`, {name}",
                _number(counts[name] - counts["bare"]),
                _percent(counts[name] / counts["bare"] - 1),
                _span(times["bare"]),
                _span(times[name]),
            ]
            for name in counts
            if name != "bare"
        ]
    return table(["Policies", "instructions", "more than without", "bare app, µs", "with, µs"], rows)


def startup(results: Results) -> str:
    """Return what happens before the first request."""
    imports, builds = results["imports"], results["builds"]
    rows = {
        "modules that its import loads": [_number(it["modules"]) for it in imports.values()],
        "instructions of the import": [_number(it["instructions"]) for it in imports.values()],
        f"instructions to build it for {BUILT:,} origins": [_number(it["instructions"]) for it in builds.values()],
        "seconds, on this machine": [f"{it['seconds']:.2f}" for it in builds.values()],
        "bytes for each origin": [f"{it['bytes_per_origin']:.1f}" for it in builds.values()],
    }
    return table(["", *(NAMES[name] for name in imports)], [[title, *cells] for title, cells in rows.items()])


def blocks(results: Results) -> dict[str, str]:
    """Return every table by the name of its place in the document."""
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    return {
        "versions": f"Measured with {versions}, on {results['interpreter']}.",
        "actual": instructions(results, ACTUAL),
        "preflight": instructions(results, PREFLIGHT),
        "lists": instructions(results, [*ORIGINS, *PATTERNS]),
        "hostile": instructions(results, HOSTILE),
        "growth": growth(results),
        "end-to-end": end_to_end(results),
        "look-ups": look_ups(results["routes"]),
        "by-route": by_route(results["routes"]),
        "startup": startup(results),
        "time": microseconds(results),
    }


def fill(document: str, results: Results) -> str:
    """Return the document with every table in its place."""
    for name, text in blocks(results).items():
        before, found, rest = document.partition(f"<!-- measured: {name} -->\n")
        _, end, after = rest.partition("<!-- end -->\n")
        if not (found and end):
            raise ValueError(f"The document has no place for the table {name!r}.")
        document = f"{before}{found}\n{text}\n\n{end}{after}"
    return document
