"""What the prose says about results is what comes out, and tables come from files of results."""

from __future__ import annotations

import math
import re
from pathlib import Path

import neuroflow as nf

DOCS = Path(__file__).parents[2] / "docs"


def text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def test_the_description_of_the_moons_losses_is_true():
    assert "starts at about 2, jumps once above 3, is below 0.5 after six" in text(
        "tutorial/moons.md"
    )
    losses = [loss for step in nf.train("moons") for loss in step.losses]
    assert 1.7 < losses[0] < 2.3
    assert max(losses) > 3.0
    assert max(losses[6:]) < 0.5
    assert losses[-1] < 0.05


def test_all_points_of_the_moons_are_on_the_right_side():
    assert "All hundred points are on the right side" in text("tutorial/moons.md")
    run = nf.train("moons").run()
    assert (len(run.dataset), run.metrics["accuracy"]) == (100, 1.0)


def test_the_floors_of_the_gpt_page_are_those_that_its_text_names():
    page = text("tutorial/gpt.md")
    (floors,) = re.findall(r"^\{'uniform': (\S+), 'letters': (\S+), 'pairs': (\S+)\}$", page, re.M)
    tokens = int(re.search(r"all (\d+)\s+tokens are equally likely", page)[1])
    assert float(floors[0]) == round(math.log(tokens), 3)
    assert r"$\ln 22 \approx 3.09$" in page
    assert round(math.log(22), 2) == 3.09
    assert f"letters floor at {float(floors[1]):.2f}" in page
    assert f"pairs floor near {float(floors[2]):.1f}" in page


def test_cached_numbers_spoil_the_gradients_of_keys_and_leave_the_output():
    """The mistake of which the explanation of attention warns, in the small."""
    softmax = nf.get("activation", "softmax").load()

    def last_output(detached):
        rng = nf.SplitMix32(5)
        matrix = [[nf.Value(rng.gauss(0, 1)) for _ in range(3)] for _ in range(3)]
        tokens = [[rng.gauss(0, 1) for _ in range(3)] for _ in range(4)]
        keys = [[nf.dot(row, token) for row in matrix] for token in tokens]
        if detached:
            keys = [[k.data for k in key] for key in keys[:-1]] + keys[-1:]
        p = softmax([nf.dot(key, tokens[-1]) for key in keys])
        out = nf.dot(p, [1.0, -2.0, 0.5, 3.0])
        return out.data, nf.gradients(out, [w for row in matrix for w in row])

    (right, gradients), (cached, spoiled) = last_output(False), last_output(True)
    assert right == cached
    size = math.hypot(*gradients)
    assert math.hypot(*(a - b for a, b in zip(gradients, spoiled, strict=True))) > 0.1 * size


def test_a_table_of_results_has_its_file_of_results():
    for table in DOCS.glob("benchmarks*.md"):
        assert table.with_suffix(".json").exists(), table


def test_tables_of_results_are_included_and_not_copied():
    assert "|" not in text("reference/benchmarks.md")
    assert 'HERE.glob("benchmarks*.md")' in text("conf.py")
