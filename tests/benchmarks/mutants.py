"""Try the checks on thousands of mutants, and write what they catch into docs/mutants.json.

    python -m tests.benchmarks.mutants [KIND ...]

Every bundled entry is changed in one place after the other (tests/support/mutants.py) and checked
until the first finding; where there is none, it is compared with the right entry at many inputs.
With kinds only these are measured, and the others' figures stay. Half an hour on two cores.
``docs/mutants.md`` is written from it: the table, and every mutant that nothing catches.
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import neuroflow as nf
from neuroflow.registry.entries import Entry, plural
from tests.support.behaviour import same
from tests.support.mutants import ENDLESS, caught_by, home, mutants_of, rebuilt, tree_of

RESULTS = Path(__file__).parents[2] / "docs" / "mutants.json"
KINDS = (
    "op", "activation", "loss", "metric", "optimizer", "schedule", "initializer", "layer",
    "dataset", "tokenizer",
)  # fmt: skip
HEADER = """---
orphan: true
---

# How many mutants the checks catch

Written by `python -m tests.benchmarks.mutants`. Every bundled entry's rule was changed in one place
after the other: constants, signs, operators, dropped terms, swapped inputs and functions, shifted
kinks. {mutants:,} mutants were checked as anybody's plugin is. {caught:,} have a finding. {equal:,}
are no mistakes: they give the numbers of the right entry at every input that was tried, to eleven
digits. Of all others, {rate} are caught; {missed} are missed. "By examples" are those that the
examples in docstrings catch and nothing before them. A mutant whose loop never ends is not counted:
nobody can overlook it.
"""

SAMPLED = {"layer": 12}
"""Of these kinds so many mutants of each entry are tried, evenly spread: each takes long."""

SLOW = ("gpt", "encoder", "encoder_decoder", "text_classifier", "transformer_block", "conv2d")
"""Layers that are made of others, or large: not measured."""

WHY_MISSED_OF = {
    "layer": "What a parameter is before training is told by examples in docstrings alone, and what"
    " dropout does to one number nowhere, beyond what it does on average; and what takes none of"
    " the inputs that are tried is skipped, where the entry gives no example.",
}
"""What is known of a kind, where nothing is known of the entry itself."""

WHY_MISSED = {
    "initializer orthogonal": "Draws around another middle than 0 have right angles too. The other"
    " two turn signs, which leaves the distribution as it is.",
    "op pow": "Where they differ, the base lies between 0 and 0.125 or the power is too small for a"
    " float, and the exponent at another place than where its slope is looked for.",
    "op where": "They differ at the condition 0 alone, where the op jumps: no slope can be measured"
    " there, so that its partials are compared where the condition is not 0.",
}
"""What is known of the mutants that nothing catches."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("kinds", nargs="*", help="which kinds; all if there are none")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where to write the figures")
    parser.add_argument("--workers", type=int, default=2, help="how many processes")
    options = parser.parse_args()
    entries = [(e.kind, e.name) for e in chosen(options.kinds or KINDS)]
    out = options.out
    known = json.loads(out.read_text("utf-8"))["entries"] if out.exists() else {}
    with ProcessPoolExecutor(options.workers) as pool:
        for (kind, name), found in zip(entries, pool.map(measure, entries), strict=True):
            known[f"{kind} {name}"] = found
            print(kind, name, found["mutants"], found["caught"], flush=True)
            write({"entries": dict(sorted(known.items()))}, out)


def chosen(kinds: Any) -> Iterator[Entry]:
    """The bundled entries of some kinds, each thing once: many activations are ops as well."""
    seen = set()
    for kind in kinds:
        for entry in nf.find("*", kind):
            if home(entry) not in seen and not (kind == "layer" and entry.name in SLOW):
                seen.add(home(entry))
                yield entry


def measure(which: tuple[str, str]) -> dict[str, Any]:
    """What became of all mutants of an entry."""
    warnings.simplefilter("ignore")
    (entry,) = nf.find(which[1], which[0])
    found: dict[str, Any] = {"mutants": 0, "caught": {}, "survivors": []}
    if finding := caught_by(rebuilt(entry, tree_of(home(entry)[0]))):
        return found | {"left out": f"its module cannot be run again: {finding}"}
    caught = Counter[str]()
    for mutant in some_of([*mutants_of(entry)], SAMPLED.get(entry.kind)):
        check = caught_by(mutant.entry)
        if check == ENDLESS:
            continue
        found["mutants"] += 1
        if check:
            caught[check] += 1
            continue
        equal = same(mutant.right, mutant.entry)
        found["survivors"].append([str(mutant.change), "equal" if equal else "missed"])
    return found | {"caught": dict(caught.most_common())}


def some_of(mutants: list[Any], count: int | None) -> list[Any]:
    """All mutants, or so many of them, from the first to the last."""
    return mutants if count is None else mutants[:: max(1, -(-len(mutants) // count))]


def write(results: dict[str, Any], path: Path) -> None:
    """The figures as JSON, and the page beside it."""
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(page(results["entries"]), encoding="utf-8")


def page(entries: dict[str, Any]) -> str:
    """The table, a row a kind, and the survivors of each entry."""
    by_kind = {k: [e for key, e in entries.items() if key.split()[0] == k] for k in KINDS}
    rows = [row(kind, found) for kind, found in by_kind.items() if found]
    total = [sum(column) for column in list(zip(*rows, strict=True))[1:]]
    columns = (
        "kind, entries, mutants, caught, by examples, equal, missed, caught of all that differ"
    )
    lines = [f"| {' | '.join(columns.split(', '))} |", "|---|" + 7 * "---:|"]
    lines += ["| " + " | ".join(map(str, [*r, share(r)])) + " |" for r in [*rows, ["all", *total]]]
    _, mutants, caught, _, equal, missed = total
    facts = {"mutants": mutants, "caught": caught, "equal": equal, "missed": missed}
    head = HEADER.format(**facts, rate=share(["", *total]))
    return "\n".join([head, *lines, "", *survivors(entries)]) + "\n"


def row(kind: str, found: list[dict[str, Any]]) -> list[Any]:
    """What became of the mutants of a kind."""
    caught = sum(sum(e["caught"].values()) for e in found)
    ends = Counter(end for e in found for _, end in e["survivors"])
    return [
        plural(kind), sum(e["mutants"] > 0 for e in found), sum(e["mutants"] for e in found),
        caught, sum(e["caught"].get("examples", 0) for e in found), ends["equal"], ends["missed"],
    ]  # fmt: skip


def share(row: list[Any]) -> str:
    """How many of the mutants that differ are caught."""
    return f"{100.0 * row[3] / max(1, row[3] + row[6]):.1f}%"


def survivors(entries: dict[str, Any]) -> Iterator[str]:
    """Every mutant without a finding, entry by entry, and whether it differs at all."""
    for title, end in (("Missed", "missed"), ("Equal", "equal")):
        yield f"## {title}\n"
        for name, entry in entries.items():
            if told := [change for change, what in entry["survivors"] if what == end]:
                yield f"**{name}**\n"
                yield from [f"{why_missed(name)}\n"] if end == "missed" else []
                yield from (f"- `{change}`" for change in told)
                yield ""


def why_missed(name: str) -> str:
    """What is known of the mutants of an entry that nothing catches."""
    return WHY_MISSED.get(name) or WHY_MISSED_OF[name.split()[0]]


if __name__ == "__main__":
    main()
