"""The instructions per request, for each case and contender.

    python -m bench.instructions --case actual-1 --contender ours --src src

One process counts all cases of a contender.
"""

import argparse
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bench.callgrind import count, environment
from bench.cases import CASES
from bench.contenders import CONTENDERS

Counts = dict[str, dict[str, float]]


def measure(cases: list[str], contenders: list[str], sources: Path, jobs: int = 2) -> Counts:
    """Return the instructions per request, by case and then by contender."""

    def one(contender: str) -> dict[str, int]:
        chosen = [name for name in cases if CASES[name].takes(contender)]
        return count("bench.worker", [contender, *chosen], environment(sources))

    with ThreadPoolExecutor(jobs) as pool:
        counted = dict(zip(contenders, pool.map(one, contenders), strict=True))
    return {
        case: {
            contender: totals[case] / CASES[case].requests for contender, totals in counted.items() if case in totals
        }
        for case in cases
    }


def lines(counts: Counts) -> list[str]:
    """Return the lines of a table: the extra cost over the bare app, and its share of Starlette's."""
    rows: list[str] = []
    for case, row in counts.items():
        base = row["bare"]
        cells = [f"{case:26}", f"{base:9.0f}"]
        for contender, value in row.items():
            if contender == "bare":
                continue
            extra = value - base
            share = ""
            if contender != "starlette" and "starlette" in row:
                share = f" {100 * extra / (row['starlette'] - base):5.1f}%"
            cells.append(f"{contender} {extra:9.0f}{share}")
        rows.append(" | ".join(cells))
    return rows


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Count the instructions per request.")
    parser.add_argument("--case", action="append", choices=CASES, help="case to measure; repeatable (default: all)")
    parser.add_argument(
        "--contender", action="append", choices=CONTENDERS, help="contender to measure; repeatable (default: all)"
    )
    parser.add_argument("--src", type=Path, default=Path("src"), help="the source tree that contains crossorigin")
    chosen = parser.parse_args()
    contenders = list(dict.fromkeys(["bare", *(chosen.contender or CONTENDERS)]))
    for line in lines(measure(chosen.case or list(CASES), contenders, chosen.src)):
        print(line)


if __name__ == "__main__":
    main()
