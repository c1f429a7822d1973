"""Put together what was found: the verdicts, what else was noticed, and the fix. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from crossorigin.browser import Verdict
from crossorigin.doctor.detect import detect
from crossorigin.doctor.findings import Finding
from crossorigin.doctor.fixes import Fix, fix_of
from crossorigin.doctor.servers import UNKNOWN, Recognized, recognize


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Hold what is said of one request of one page: a verdict for each browser, in the order they were asked for."""

    verdicts: tuple[Verdict, ...]
    findings: tuple[Finding, ...]
    recognized: Recognized
    fix: Fix | None

    @property
    def lead(self) -> Verdict:
        """Return the verdict that is told in full: the first that refuses, or else the first."""
        return next((verdict for verdict in self.verdicts if not verdict.allowed), self.verdicts[0])

    @property
    def clean(self) -> bool:
        """Tell whether all allow it, and nothing was noticed."""
        return self.lead.allowed and not self.findings


def diagnose(
    verdicts: Sequence[Verdict],
    *,
    app: Recognized | None = None,
    answers_differ: bool = False,
    probed: Iterable[Finding] = (),
) -> Diagnosis:
    """Say what several browsers make of one exchange.

    Args:
        verdicts: One for each browser, at least one.
        app: What the app is, where it was looked at.
        answers_differ: Whether the last answer was seen to be another one for another origin, without `Vary`.
        probed: What a probe found.
    """
    lead = Diagnosis(verdicts=tuple(verdicts), findings=(), recognized=UNKNOWN, fix=None).lead
    recognized = recognize(lead.exchanges) if app is None else app
    return Diagnosis(
        verdicts=tuple(verdicts),
        findings=(*detect(lead, answers_differ=answers_differ), *probed),
        recognized=recognized,
        fix=fix_of(lead, recognized),
    )
