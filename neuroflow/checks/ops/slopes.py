"""Partials against numeric slopes, with a message that says what to look at."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

from neuroflow.checks.ops.surfaces import smooth_points
from neuroflow.checks.shared.messages import close, fraction, short, tidy
from neuroflow.checks.shared.numeric import (
    Slope,
    along,
    slope,
)
from neuroflow.checks.shared.report import Results
from neuroflow.checks.shared.subject import Subject


def check_partials(subject: Subject, results: Results) -> None:
    """Partials against central differences, over a sweep of step sizes."""
    if subject.meant:
        results.skipped("partials", subject.why_not_compared)
        return
    wrong: dict[int, list[tuple[list[float], float, float]]] = {}
    for at in smooth_points(subject):
        got = subject.partials(*at)
        numeric = [slope(along(subject.sloped, at, k), x) for k, x in enumerate(at)]
        for k, (said, found) in enumerate(zip(got, numeric, strict=True)):
            if subject.declares_no_slope:
                found = Slope(0.0, 0.0)
            if found is None:
                continue
            if found.agrees(float(said), subject.within(1e-6)):
                results.passed("partials")
            else:
                wrong.setdefault(k, []).append((at, float(said), found.value))
    for message in _teach(subject, wrong):
        results.failed("partials", message)


def check_intended(subject: Subject, results: Results) -> None:
    """A derivative that is declared to be another than the rule's is another somewhere."""
    told = {f.check for f in results.report.findings if f.subject == results.subject}
    if subject.derivative is None or "partials" in told:
        return
    for at in smooth_points(subject):
        for k, said in enumerate(subject.partials(*at)):
            found = slope(along(subject.forward, at, k), at[k])
            if found is None or not found.agrees(float(said)):
                results.passed("intended")
                return
    results.failed("intended", (
        "derivative= says that the partials are not those of the rule, but they are, at every"
        " point that was tried; leave it out, so that they are checked against the rule"
    ))  # fmt: skip


def _teach(
    subject: Subject, wrong: dict[int, list[tuple[list[float], float, float]]]
) -> Iterator[str]:
    """One message for each input with a wrong derivative."""
    if len(wrong) > 1 and (swapped := _swapped(wrong)):
        yield swapped.format(*(subject.inputs[k] for k in sorted(wrong)))
        return
    for k, misses in wrong.items():
        at, said, found = misses[0]
        settings = subject.op.settings
        hint = _slope_hint([(a, b) for _, a, b in misses], settings)
        where = f" (and at {len(misses) - 1} more points)" if len(misses) > 1 else ""
        yield (
            f"d/d{subject.inputs[k]} at {subject.at(at)}: partials say {short(said)},"
            f" numeric {short(tidy(found))}{hint}{where}"
        )


def _swapped(wrong: dict[int, list[tuple[list[float], float, float]]]) -> str:
    first, second, *_ = (wrong[k] for k in sorted(wrong))
    pairs = list(zip(first, second, strict=False))
    crossed = [close(a[1], b[2], 1e-5) and close(b[1], a[2], 1e-5) for a, b in pairs]
    if len(wrong) == 2 and all(crossed):
        a, b = pairs[0]
        return (
            f"the partials of {{0}} and {{1}} are swapped: they say {short(a[1])}, {short(b[1])};"
            f" numeric {short(tidy(a[2]))}, {short(tidy(b[2]))};"
            " return them in the order of the inputs"
        )
    return ""


def _slope_hint(pairs: list[tuple[float, float]], settings: dict[str, float]) -> str:
    """What the ratio of said and found slopes suggests."""
    if all(a == 0.0 for a, _ in pairs):
        return "; the derivative is missing"
    ratios = [a / b for a, b in pairs if abs(b) > 1e-7]
    if not ratios:
        return ""
    constant = all(close(r, ratios[0], 1e-4) for r in ratios) and len(ratios) > 1
    if not constant:
        return "; the ratio changes from point to point: is a term or an inner derivative missing?"
    ratio = ratios[0]
    text = f": ratio {fraction(ratio)}"
    for name, value in settings.items():
        if value and (close(ratio, value, 1e-4) or close(ratio, 1 / value, 1e-4)):
            return f"{text}; is the setting {name} = {value!r} used once too often or not at all?"
    return f"{text}; {_advice(ratio)}"


def _advice(ratio: float) -> str:
    fraction = Fraction(ratio).limit_denominator(12)
    if close(ratio, -1.0, 1e-4):
        return "is the sign right?"
    if ratio < 0:
        return "are the sign and a constant factor right?"
    if close(ratio, 180 / math.pi, 1e-4):
        return "is the angle in degrees, and the factor pi/180 missing?"
    if close(ratio, float(fraction), 1e-4):
        if 1 in (fraction.numerator, fraction.denominator):
            factor = max(fraction.numerator, fraction.denominator)
            too = "too much" if fraction > 1 else "missing"
            return f"is a factor {factor} (the inner derivative of the chain rule?) {too}?"
        return "is the exponent right?"
    return "is a constant factor right?"
