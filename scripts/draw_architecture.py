"""Draw docs/architecture.svg, the import layers of the package, from the contracts in pyproject.toml.

A package that has its own contract shows its layers inside its box. `make diagram` runs this script.
"""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import wrap

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "architecture.svg"
PACKAGE = "crossorigin"

# What each entry at the root of the package is for.
CAPTIONS = {
    "__main__": "The entry point of the command line",
    "doctor": "crossorigin check: why a browser refuses a response",
    "testing": "Assertions for users' tests",
    "aiohttp": "Public names for aiohttp",
    "fastapi": "Public names for FastAPI",
    "django": "Public names for Django",
    "flask": "Public names for Flask",
    "starlette": "Public names for Starlette",
    "wsgi": "Public names for WSGI",
    "settings": "Policies from the environment and in pydantic",
    "adapters": "Carry decisions to a framework; decide nothing",
    "live": "Origins and policies that change while the server runs",
    "telemetry": "Logs, hooks and OpenTelemetry",
    "policy": "The server's side: what is allowed, and what is sent. No I/O",
    "browser": "The browser's side: a model of what a browser sends and accepts. No I/O",
    "fetch": "What the Fetch standard says: origins, methods, header names",
}

_WIDTH, _PADDING, _GAP, _HEAD = 760, 10, 6, 44
_TITLE, _LINE = 18, 15
# The width of a character of the captions, generously.
_CHARACTER = 6.3
_STYLE = (
    "text{font:600 13px ui-monospace,monospace;fill:#1f2328}.s{font:12px system-ui,sans-serif}"
    "rect{fill:#f6f8fa;stroke:#afb8c1}.in{fill:#fff}"
    "@media(prefers-color-scheme:dark){text{fill:#e6edf3}rect{fill:#161b22;stroke:#6e7681}.in{fill:#0d1117}}"
)

Layers = Mapping[str, Sequence[str]]


def read_layers(pyproject: Path) -> dict[str, list[str]]:
    """Return the layers of each package that has a contract, the highest first."""
    contracts = tomllib.loads(pyproject.read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    return {
        container: contract["layers"]
        for contract in contracts
        if contract["type"] == "layers"
        for container in contract["containers"]
    }


def draw(layers: Layers) -> str:
    """Return the picture: the layers of the package from top to bottom."""
    parts, height = _draw_layers(layers, PACKAGE, _PADDING, _HEAD, _WIDTH - 2 * _PADDING)
    height += _HEAD + _PADDING
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height}" viewBox="0 0 {_WIDTH} {height}" '
        f'role="img"><title>Import layers of {PACKAGE}</title><style>{_STYLE}</style>'
        f'<text x="{_PADDING}" y="18">{PACKAGE}</text>'
        f'<text class="s" x="{_PADDING}" y="35">A module imports only what is below it. '
        "Boxes in one row do not import each other.</text>"
        f"{''.join(parts)}</svg>\n"
    )


def _draw_layers(layers: Layers, container: str, x: float, y: float, width: float) -> tuple[list[str], int]:
    parts: list[str] = []
    height = 0
    for layer in layers[container]:
        names = layer.split(" | ")
        share = (width - _GAP * (len(names) - 1)) / len(names)
        row_height = max(_box_height(layers, f"{container}.{name}", share) for name in names)
        for index, name in enumerate(names):
            left = x + index * (share + _GAP)
            parts += _draw_box(layers, f"{container}.{name}", (left, y + height), share, row_height)
        height += row_height + _GAP
    return parts, height - _GAP


def _box_height(layers: Layers, module: str, width: float) -> int:
    height = _PADDING + _TITLE + _LINE * len(_caption(module, width))
    if module in layers:
        height += _draw_layers(layers, module, 0, 0, width - 2 * _PADDING)[1] + _PADDING
    return height


def _draw_box(layers: Layers, module: str, corner: tuple[float, float], width: float, height: int) -> list[str]:
    x, y = corner
    kind = ' class="in"' if module.count(".") % 2 == 0 else ""
    parts = [
        f'<rect{kind} x="{x:g}" y="{y:g}" width="{width:g}" height="{height}" rx="4"/>',
        f'<text x="{x + _PADDING:g}" y="{y + _TITLE:g}">{module.rpartition(".")[2]}</text>',
    ]
    line = y + _TITLE
    for text in _caption(module, width):
        line += _LINE
        parts.append(f'<text class="s" x="{x + _PADDING:g}" y="{line:g}">{text}</text>')
    if module in layers:
        parts += _draw_layers(layers, module, x + _PADDING, line + _PADDING, width - 2 * _PADDING)[0]
    return parts


def _caption(module: str, width: float) -> list[str]:
    _, _, name = module.partition(".")
    return [] if "." in name else wrap(CAPTIONS[name], int((width - 2 * _PADDING) / _CHARACTER))


if __name__ == "__main__":
    PICTURE.write_text(draw(read_layers(ROOT / "pyproject.toml")), "utf-8")
    print(f"Wrote {PICTURE}")
