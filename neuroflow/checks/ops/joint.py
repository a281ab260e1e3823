"""Several inputs moved together: a mistake may show only where all of them lie in one small region.

The points are numbers of every size and sign, and the constants that the rule itself writes, with
what lies between them: each of one input beside each of the others.
"""

from __future__ import annotations

import ast
import inspect
import itertools
import textwrap
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from importlib import import_module
from random import Random
from typing import Any

from neuroflow.checks.formulas.latex import read
from neuroflow.checks.formulas.statements import in_words
from neuroflow.checks.formulas.symbols import value_at
from neuroflow.checks.formulas.tokens import UnreadableFormulaError
from neuroflow.checks.ops.declared import scope_of
from neuroflow.checks.ops.search import Search
from neuroflow.checks.ops.surfaces import at_kink
from neuroflow.checks.shared.messages import close, short
from neuroflow.checks.shared.numeric import has
from neuroflow.checks.shared.report import Results
from neuroflow.checks.shared.subject import Subject
from neuroflow.core.domain import Domain

PAIRS, RANDOM = 3000, 3000
"""At most so many points from constants of the rule, and so many from everywhere."""

COMPARED = 400
"""At so many of them the formula is compared."""

MOST_INPUTS = 4
JUDGED = 6


def check_joint(subject: Subject, results: Results) -> None:
    """The partials, and the formula, where several inputs are moved together."""
    known = {f.check for f in results.report.findings if f.subject == results.subject}
    if not 2 <= len(subject.inputs) <= MOST_INPUTS or known or not has("numpy"):
        return
    points = [*joint_rows(subject)]
    results.tried(len(points))
    if subject.op.partials_rule is not None and not subject.why_not_compared and has("mpmath"):
        for k in range(len(subject.inputs)):
            wrong = next(filter(None, _worst(subject, points, k)), None)
            results.expect("search", wrong is None, wrong or "")
            if wrong is not None:
                return
        wrong = next(filter(None, map(partial(_rounded, subject), points[-COMPARED:])), None)
        results.expect("joint", wrong is None, wrong or "")
    _compare_formula(subject, points, results)


def _worst(subject: Subject, points: Sequence[tuple[float, ...]], k: int) -> Iterator[str | None]:
    """Messages about the points at which one input's partials are off most, judged exactly."""
    np = import_module("numpy")
    columns = [np.array(column) for column in zip(*points, strict=True)]
    search = Search(subject, points[0], k)
    try:
        with np.errstate(all="ignore"):
            score = search.scores(np, columns)
    except Exception:  # a rule for single numbers: other checks have said so
        return
    for i in np.argsort(-score, kind="stable")[:JUDGED]:
        if score[i] > 1.0:
            yield Search(subject, points[i], k).judged([points[i][k]])


def _rounded(subject: Subject, at: tuple[float, ...]) -> str | None:
    """A message if the partials of plain numbers are not those of numbers with sixty digits.

    So it is where one is rounded across a step: floor of 6.999999999999999 for 7.
    """
    mp = import_module("mpmath")
    if at_kink(subject, at, 1e-9):
        return None
    try:
        said = [*map(float, subject.partials(*at))]
        with mp.workdps(60):
            exact = [mp.mpf(x) for x in at]
            out = subject.forward(*exact)
            right = [*map(float, subject.slopes(out, *exact))]
    except Exception:  # outside of what the rule can do there, or with many digits
        return None
    for name, got, wanted in zip(subject.inputs, said, right, strict=True):
        if not close(wanted, got, subject.within(1e-4), 1e-6 * (1.0 + abs(float(out)))):
            return (
                f"d/d{name} at {subject.at(at)}: partials say {short(got)}, and {short(wanted)}"
                " with sixty digits: is something rounded across a step?"
            )
    return None


def _compare_formula(
    subject: Subject, points: Sequence[tuple[float, ...]], results: Results
) -> None:
    if not subject.formula or in_words(subject.formula):
        return
    try:
        formula = read(subject.formula)
        for at in points[:COMPARED]:
            said = value_at(formula, scope_of(subject, formula, at))
            try:
                computed = float(subject.forward(*at))
            except (ArithmeticError, ValueError):
                continue
            if said is not None and not close(said, computed, subject.within(1e-8), 1e-9):
                if abs(said - computed) <= 1e-8 * max(map(abs, at)):
                    continue  # digits that cancel
                results.failed("formula", (
                    f"at {subject.at(at)} the formula {subject.formula} says {short(said)}, forward"
                    f" gives {short(computed)}: there alone?"
                ))  # fmt: skip
                return
    except UnreadableFormulaError:
        return  # told already


def joint_rows(subject: Subject) -> Iterator[tuple[float, ...]]:
    """Points for all inputs at once: constants of the rule beside each other, then any sizes."""
    rng = Random(5)
    marks = [[x for x in landmarks(subject.rules) if x in domain] for domain in subject.domains]
    pairs = [*itertools.islice(itertools.product(*marks), 60_000)]
    rng.shuffle(pairs)
    yield from pairs[:PAIRS]
    for _ in range(RANDOM):
        at = tuple(_anywhere(domain, rng) for domain in subject.domains)
        if all(x in domain for x, domain in zip(at, subject.domains, strict=True)):
            yield at


def _anywhere(domain: Domain, rng: Random) -> float:
    x: float = 10.0 ** rng.uniform(-3.0, 2.5) * rng.choice((-1.0, 1.0))
    return x if x in domain else -x


def landmarks(rules: Sequence[Callable[..., Any]]) -> list[float]:
    """The constants of some rules, their negatives, what lies beside and between them.

    >>> landmarks([])
    [-2.0, -1.01, -0.99, -0.5, 0.5, 0.99, 1.01, 2.0]
    """
    found = {0.0, 1.0, *(abs(x) for rule in rules for x in _constants(rule))}
    ordered = sorted(x for x in found if x < 1e6)[:16]
    middles = [0.5 * (a + b) for a, b in itertools.pairwise(ordered)]
    beside = [x * by for x in ordered for by in (0.99, 1.01)]
    positive = {x for x in (*middles, *beside, 2.0 * ordered[-1]) if x > 0.0}
    return sorted({sign * x for x in positive for sign in (1.0, -1.0)})


def _constants(rule: Callable[..., Any]) -> Iterator[float]:
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(rule)))
    except (OSError, SyntaxError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
            yield float(node.value)
