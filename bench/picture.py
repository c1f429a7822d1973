"""Draw what was measured, as an SVG that needs nothing and reads on light and on dark."""

from bench.ratios import over
from bench.results import Results
from bench.tables import NAMES

CASES = {
    "no-origin-13": "A request without Origin",
    "actual-1": "A CORS request",
    "actual-any": "A CORS request, any origin allowed",
    "actual-credentials": "A CORS request with credentials",
    "preflight-5": "A preflight with five headers",
}
CONTENDERS = ("wrap", "ours", "asgi-cors", "starlette", "litestar")

_LEFT, _WIDTH, _BAR, _GAP, _HEAD = 130, 500, 14, 18, 64
_STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1f2328}.b{font-weight:600}.s{font-size:11px}"
    "rect{fill:#afb8c1}.ours{fill:#0969da}.wrap{fill:#d0d7de}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}rect{fill:#6e7681}.ours{fill:#4493f8}.wrap{fill:#484f58}}"
)


def draw(results: Results) -> str:
    """Return the picture: a bar for each middleware and case, as long as its cost over the bare app."""
    counts = results["instructions"]
    longest = max(over(counts, case, name) for case in CASES for name in CONTENDERS if name in counts[case])
    parts: list[str] = []
    y = _HEAD
    for case, title in CASES.items():
        parts.append(f'<text class="b" x="10" y="{y}">{title}</text>')
        y += 8
        for name in CONTENDERS:
            if name not in counts[case]:
                continue
            cost = over(counts, case, name)
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
        "<title>What CORS costs a request</title>"
        f"<style>{_STYLE}</style>"
        '<text class="b" x="10" y="20">What CORS costs a request</text>'
        '<text class="s" x="10" y="38">thousands of instructions over the bare app; shorter is better</text>'
        f"{''.join(parts)}</svg>\n"
    )
