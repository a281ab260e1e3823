"""The tables of an evaluation as lines of at most 80 columns, for a terminal, a file or a pipe."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any

from neuroflow.errors import one_line
from neuroflow.evaluation.tables import Calibration, ClassScores, Wrong

WIDTH = 80
MOST_CLASSES = 12
"""So many classes have a table of which is taken for which; of more the worst pairs are listed."""

MOST_PAIRS = 8
MOST_LETTERS = 9
BARS = 30


def wrapped(sentence: str) -> list[str]:
    """A sentence on as many lines as it needs."""
    return textwrap.wrap(one_line(sentence), WIDTH)


def confusion(counts: Sequence[Sequence[int]], labels: Sequence[str]) -> list[str]:
    """A table of which class is taken for which, or where that is too wide the worst of them."""
    short = [_short(label) for label in labels]
    size = max(len(f"{n}") for row in counts for n in row)
    width = max(size, *map(len, short)) + 2
    if len(labels) > MOST_CLASSES or width * (len(labels) + 1) > WIDTH:
        return _taken_for(counts, labels)
    head = " " * width + "".join(label.rjust(width) for label in short)
    rows = [
        label.ljust(width) + "".join(f"{n or '.'}".rjust(width) for n in row)
        for label, row in zip(short, counts, strict=True)
    ]
    return ["confusion (a row per right class, a column per said one)", head, *rows]


def _taken_for(counts: Sequence[Sequence[int]], labels: Sequence[str]) -> list[str]:
    """The pairs of classes that are mistaken most often, where a table would be too wide."""
    wrong = [
        (n, labels[i], labels[j])
        for i, row in enumerate(counts) for j, n in enumerate(row) if i != j and n
    ]  # fmt: skip
    wrong.sort(key=lambda one: -one[0])
    lines = [cut(f"{n:>8,}  {one_line(i)} taken for {one_line(j)}") for n, i, j in wrong]
    more = [f"          and {len(wrong) - MOST_PAIRS} other pairs"] * (len(wrong) > MOST_PAIRS)
    return ["mistaken most often", *(lines[:MOST_PAIRS] or ["    none"]), *more]


def classes(table: Sequence[ClassScores]) -> list[str]:
    """A line per class with its scores."""
    width = max(len("class"), *(len(_short(row.label, 30)) for row in table))
    head = f"{'class':<{width}}  precision    recall        f1   support"
    rows = [
        f"{_short(row.label, 30):<{width}}  {row.precision:9.4f} {row.recall:9.4f} {row.f1:9.4f}"
        f" {row.support:9,}"
        for row in table
    ]
    return [head, *rows]


def calibration(found: Calibration) -> list[str]:
    """A line per interval of confidence."""
    lines = [f"calibration: expected error {found.expected_error:.4f}"]
    lines.append("confidence      mean     right  examples")
    for each in found.bins:
        span = f"{each.low:.1f} to {each.high:.1f}"
        lines.append(f"{span:<11} {each.confidence:8.4f}  {each.accuracy:8.4f} {each.count:9,}")
    return lines


def residuals(pairs: Sequence[tuple[float, float]], of: str) -> list[str]:
    """Where predictions lie beside what is right: in ten places of the sorted differences."""
    apart = sorted(said - right for right, said in pairs)
    if any(math.isnan(x) for x in apart):
        return [f"predicted minus right{of}: nan"]
    places = {"least": 0.0, "10 %": 0.1, "25 %": 0.25, "median": 0.5, "75 %": 0.75, "90 %": 0.9}
    places["most"] = 1.0
    names = "".join(f"{name:>11}" for name in places)
    numbers = "".join(f"{apart[round(at * (len(apart) - 1))]:11.4g}" for at in places.values())
    return [f"predicted minus right{of}", names, numbers]


def positions(losses: Sequence[float]) -> list[str]:
    """The loss at each place of a text, at most 16 of them, with a bar for each."""
    if not losses:
        return []
    size = -(-len(losses) // 16)
    parts = [losses[k : k + size] for k in range(0, len(losses), size)]
    means = [math.fsum(part) / len(part) for part in parts]
    most = max((x for x in means if math.isfinite(x)), default=0.0) or 1.0
    lines = ["loss by position"]
    for k, (mean, part) in enumerate(zip(means, parts, strict=True)):
        first, last = k * size + 1, k * size + len(part)
        span = f"{first}" if first == last else f"{first}-{last}"
        bar = "#" * round(BARS * mean / most) if math.isfinite(mean) else ""
        lines.append(f"{span:>9} {mean:10.4f}  {bar}".rstrip())
    return lines


def wrong(worst: Sequence[Wrong]) -> list[str]:
    """What was said of each, what is right, and its inputs."""
    lines = [cut(line) for each in worst for line in _lines(each)]
    return ["most wrong", *lines] if lines else []


def _lines(wrong: Wrong) -> list[str]:
    sure = f" ({wrong.probability:.1%})" if wrong.probability is not None else ""
    said, right = _value(wrong.said), _value(wrong.right)
    return [
        f"  example {wrong.place}, loss {wrong.loss:.4g}: said {said}{sure}, right is {right}",
        f"    {_inputs(wrong.inputs)}",
    ]


def _inputs(inputs: Any) -> str:
    if isinstance(inputs, dict):
        return ", ".join(f"{name} = {_value(x)}" for name, x in inputs.items())
    return _value(inputs)


def _value(x: Any) -> str:
    if isinstance(x, float):
        return f"{x:.6g}"
    if isinstance(x, (list, tuple)):
        return f"[{', '.join(map(_value, x))}]"
    return one_line(repr(x) if isinstance(x, str) and x != x.strip() else f"{x}")


def _short(label: str, most: int = MOST_LETTERS) -> str:
    label = one_line(label)
    return label if len(label) <= most else f"{label[: most - 1]}…"


def cut(line: str) -> str:
    """A line, cut off where it is too long."""
    return line if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…"
