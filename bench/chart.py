"""The chart of the results, a self-contained SVG for light and dark backgrounds."""

from bench.ratios import extra_cost
from bench.results import Results
from bench.tables import NAMES

CASES = {
    "no-origin-13": "Request without Origin",
    "actual-1": "CORS request",
    "actual-any": "CORS request, any origin allowed",
    "actual-credentials": "CORS request with credentials",
    "preflight-5": "Preflight with five headers",
}
CONTENDERS = ("wrap", "ours", "asgi-cors", "starlette", "litestar")

_LEFT, _WIDTH, _BAR, _GAP, _HEAD = 130, 500, 14, 18, 64
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1f2328}.b{font-weight:600}.s{font-size:11px}"
    "rect{fill:#afb8c1}.ours{fill:#0969da}.wrap{fill:#d0d7de}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}rect{fill:#6e7681}.ours{fill:#4493f8}.wrap{fill:#484f58}}"
)


def draw(results: Results) -> str:
    """Return the chart, with a bar for the extra cost of each middleware in each case."""
    counts = results["instructions"]
    longest = max(extra_cost(counts, case, name) for case in CASES for name in CONTENDERS if name in counts[case])
    parts: list[str] = []
    y = _HEAD
    for case, title in CASES.items():
        parts.append(f'<text class="b" x="10" y="{y}">{title}</text>')
        y += 8
        for name in CONTENDERS:
            if name not in counts[case]:
                continue
            cost = extra_cost(counts, case, name)
            width = max(1, round(_WIDTH * cost / longest))
            label = NAMES[name].replace("`", "")
            parts.append(
                f'<text class="s" x="{_LEFT - 8}" y="{y + 11}" text-anchor="end">{label}</text>'
                f'<rect class="{name}" x="{_LEFT}" y="{y}" width="{width}" height="{_BAR}" rx="2"/>'
                f'<text class="s" x="{_LEFT + width + 6}" y="{y + 11}">{cost / 1000:.1f}</text>'
            )
            y += _GAP
        y += 22
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="720" height="{y}" viewBox="0 0 720 {y}" role="img">'
        "<title>Cost of CORS per request</title>"
        f"<style>{_STYLE}</style>"
        '<text class="b" x="10" y="20">Cost of CORS per request</text>'
        '<text class="s" x="10" y="38">thousands of instructions more than the bare app; shorter is better</text>'
        f"{''.join(parts)}</svg>\n"
    )
