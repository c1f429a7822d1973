"""The documents of checks in the formats of CI systems: SARIF 2.1.0, JUnit XML, commands of GitHub Actions. Pure."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal
from xml.sax.saxutils import escape, quoteattr

from crossorigin.doctor.output.document import Document, combined

Level = Literal["error", "warning", "note"]
_LEVELS: Mapping[str, Level] = {"error": "error", "warning": "warning", "info": "note"}
_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"
_HELP = "crossorigin explain "


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One problem of one check, in the terms that all formats share."""

    code: str
    level: Level
    text: str


def problems_of(found: Document) -> Iterator[Problem]:
    """Yield the problems of a document: the refusal or the reason why the check could not run, then the findings."""
    if found["outcome"] == "not-run":
        yield Problem(code=f"not-run-{found['error']['kind']}", level="error", text=found["error"]["message"])
        return
    reason = found["reason"]
    if reason is not None:
        cause = found["cause"]["text"] if found["cause"] else reason["meaning"]
        text = f"{found['verdict']}. {cause} Fix: {found['fix']['text']}"
        yield Problem(code=reason["code"], level="error", text=text)
    for finding in found["findings"]:
        text = f"{finding['detail']} {finding['meaning']} Fix: {finding['fix']}"
        yield Problem(code=finding["code"], level=_LEVELS[finding["severity"]], text=text)


def name_of(found: Document) -> str:
    """Return the name of a check: what was requested, and from which origin."""
    request = found.get("request")
    if request is None:
        return "crossorigin check"
    return f"{request['method']} {request['url']} from {request['origin']}"


def write_json(documents: Sequence[Document]) -> str:
    """Return the documents as JSON."""
    return json.dumps(combined(documents), indent=2, ensure_ascii=True)


def write_sarif(documents: Sequence[Document]) -> str:
    """Return the problems as a SARIF log. The location of each result is the URL that was requested."""
    results: list[dict[str, Any]] = []
    rules: dict[str, dict[str, Any]] = {}
    for found in documents:
        url = found["request"]["url"] if "request" in found else "crossorigin-check"
        for problem in problems_of(found):
            help_text = {"text": f"{_HELP}{problem.code}"}
            rules.setdefault(problem.code, {"id": problem.code, "help": help_text})
            location = {"physicalLocation": {"artifactLocation": {"uri": url}, "region": {"startLine": 1}}}
            result = {
                "ruleId": problem.code,
                "level": problem.level,
                "message": {"text": f"{name_of(found)}: {problem.text}"},
                "locations": [location],
            }
            results.append(result)
    driver = {"name": "crossorigin", "rules": list(rules.values())}
    log = {"$schema": _SARIF, "version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": results}]}
    return json.dumps(log, indent=2, ensure_ascii=True)


def write_junit(documents: Sequence[Document]) -> str:
    """Return JUnit XML: one test case for each check, which fails on an error. Warnings are in its output."""
    cases: list[str] = []
    failures = errors = 0
    for found in documents:
        problems = list(problems_of(found))
        failing = [problem for problem in problems if problem.level == "error"]
        tag = "error" if found["outcome"] == "not-run" else "failure"
        failures += bool(failing) and tag == "failure"
        errors += bool(failing) and tag == "error"
        inside = [f"    <{tag} type={_attribute(p.code)} message={_attribute(p.text)}/>" for p in failing]
        rest = "\n".join(f"{p.level} {p.code}: {p.text}" for p in problems if p.level != "error")
        if rest:
            inside.append(f"    <system-out>{escape(_xml(rest))}</system-out>")
        body = "\n".join(inside)
        name = f'  <testcase classname="crossorigin" name={_attribute(name_of(found))}'
        cases.append(f"{name}>\n{body}\n  </testcase>" if inside else f"{name}/>")
    head = f'<testsuite name="crossorigin" tests="{len(documents)}" failures="{failures}" errors="{errors}">'
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *cases, "</testsuite>"])


def write_github(documents: Sequence[Document]) -> str:
    """Return workflow commands, which GitHub Actions shows as annotations."""
    commands = {"error": "error", "warning": "warning", "note": "notice"}
    lines = [
        f"::{commands[problem.level]} title={_property(f'CORS: {problem.code}')}::"
        f"{_data(f'{name_of(found)}: {problem.text}')}"
        for found in documents
        for problem in problems_of(found)
    ]
    return "\n".join(lines or [f"{len(documents)} CORS checks passed."])


def _xml(text: str) -> str:
    # XML 1.0 cannot represent most control characters.
    return "".join(char if char.isprintable() or char in "\n\t" else "\ufffd" for char in text)


def _attribute(text: str) -> str:
    return quoteattr(_xml(text))


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


WRITERS: Mapping[str, Callable[[Sequence[Document]], str]] = {
    "json": write_json,
    "sarif": write_sarif,
    "github": write_github,
    "junit": write_junit,
}
