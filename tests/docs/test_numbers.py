"""What the prose says about results is what comes out, and tables come from files of results."""

from __future__ import annotations

import importlib.util
import json
import math
import re
from pathlib import Path

import pytest

import neuroflow as nf

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
NUMBER = r"(\d[\d,.]*\d|\d)"
MEASURED = re.compile(
    rf"{NUMBER} times (?:as|faster|slower|less|more|the)\b"
    rf"|{NUMBER}x (?:faster|slower)|{NUMBER} ?(?:µs|us|ns|ms|microseconds?|milliseconds?|MB|GB)\b"
    rf"|{NUMBER} bytes|{NUMBER} ?(?:steps|tokens) (?:a|per) second"
)
ARITHMETIC = ("`L` grows 64 times as much",)  # results of the page itself, which its blocks test


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


def test_the_baselines_of_the_gpt_page_are_those_that_its_text_names():
    page = text("tutorial/gpt.md")
    (baselines,) = re.findall(
        r"^\{'uniform': (\S+), 'letters': (\S+), 'pairs': (\S+)\}$", page, re.M
    )
    tokens = int(re.search(r"all (\d+)\s+tokens are equally likely", page)[1])
    assert float(baselines[0]) == round(math.log(tokens), 3)
    assert r"$\ln 22 \approx 3.09$" in page
    assert round(math.log(22), 2) == 3.09
    assert f"letters baseline at {float(baselines[1]):.2f}" in page
    assert f"pairs baseline near {float(baselines[2]):.1f}" in page


def test_erf_is_the_area_that_its_description_says():
    assert "standard normal curve from 0 to $x \\sqrt 2$" in text("reference/api.md")
    x, pieces = 0.7, 1000
    width = x * math.sqrt(2.0) / pieces
    curve = [math.exp(-((width * (k + 0.5)) ** 2) / 2.0) for k in range(pieces)]
    assert abs(2.0 * width * sum(curve) / math.sqrt(2.0 * math.pi) - nf.erf(x)) < 1e-6


def test_the_peers_that_take_all_the_steps_end_at_the_same_loss():
    assert "takes fewer steps, so the loss in its row is an earlier one" in text(
        "reference/benchmarks.md"
    )
    for workload in ("moons", "microgpt"):
        rows = json.loads(text("benchmarks.json"))["results"][workload]
        whole = [row["final_loss"] for row in rows if row["steps"] == rows[0]["steps"]]
        assert max(whole) - min(whole) < 0.002, workload


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
    assert "wrong by half of their\nsize" in text("explanation/attention.md")
    size = math.hypot(*gradients)
    assert math.hypot(*(a - b for a, b in zip(gradients, spoiled, strict=True))) > 0.5 * size


def test_a_table_of_results_has_its_file_of_results():
    for table in DOCS.glob("benchmarks*.md"):
        assert table.with_suffix(".json").exists(), table


def test_tables_of_results_are_included_and_not_copied():
    assert "|" not in text("reference/benchmarks.md")
    assert 'HERE.glob("benchmarks*.md")' in text("conf.py")


# Measured figures ---------------------------------------------------------------------------


def loaded_results():
    spec = importlib.util.spec_from_file_location("results", DOCS / "results.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def prose(page: Path) -> str:
    """The text of a page without blocks of code, which are executed."""
    return re.sub(r"^(`{3,}).*?^\1$", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)


def book() -> list[Path]:
    """The pages that people write, and the README."""
    made = {"_build", "entries", "examples"}
    pages = [p for p in DOCS.rglob("*.md") if not made & set(p.relative_to(DOCS).parts)]
    return [*(p for p in pages if not p.name.startswith("benchmarks")), ROOT / "README.md"]


def measured_in(words: str) -> list[str]:
    """Sentences' figures that only a measurement can give."""
    found = [m[0] for m in MEASURED.finditer(words)]
    return [f for f in found if not any(f in known for known in ARITHMETIC)]


def test_no_page_repeats_a_measured_figure():
    """A page names it, as ``{{ gpt_ratio }}``; only the README, which is not built, repeats."""
    stale = {p.name: measured_in(prose(p)) for p in book() if p.name != "README.md"}
    assert {name: found for name, found in stale.items() if found} == {}


def test_measured_figures_of_the_readme_are_those_of_the_results():
    known = set(loaded_results().figures().values())
    for figure in measured_in(prose(ROOT / "README.md")):
        number = re.search(NUMBER, figure)[0]
        assert number in known, f"{figure!r} is none of the results {sorted(known)}"


@pytest.mark.parametrize(
    "claim",
    ["37 times as fast", "8.4x faster", "5.7 µs", "160 bytes", "11,000 times slower", "14 MB",
     "33,094 steps per second"],
)  # fmt: skip
def test_a_claim_that_could_become_stale_is_seen(claim):
    (seen,) = measured_in(f"It is {claim} here.")
    assert claim.startswith(seen)


def test_every_figure_that_a_page_names_exists_and_is_used():
    named = {n for p in book() for n in re.findall(r"\{\{ (\w+) \}\}", prose(p))}
    assert named <= set(loaded_results().figures())
    assert named


def test_figures_follow_the_files_of_results(tmp_path, monkeypatch):
    results = loaded_results()
    before = results.figures()
    for name in ("benchmarks", "benchmarks-eager", "trust", "recipes", "leaks", "gpu"):
        content = text(f"{name}.json").replace('"eager_bytes": ', '"eager_bytes": 1')
        (tmp_path / f"{name}.json").write_text(content)
    monkeypatch.setattr(results, "HERE", tmp_path)
    after = results.figures()
    assert {name for name in after if after[name] != before[name]} == {"node_bytes"}
    assert after["node_bytes"] == "1" + before["node_bytes"]


def test_compiled_code_is_as_fast_as_its_description_says():
    """ "At the speed of compiled code" and "of C": at most twice the time of C by hand."""
    assert "at the speed of compiled code" in text("../README.md")
    figures = loaded_results().figures()
    assert float(figures["moons_c_ratio"]) < 2.0
    assert float(figures["gpt_c_ratio"]) < 2.0


@pytest.mark.parametrize("live", ["function", "gpt"])
def test_live_pages_have_the_parameters_that_their_chapter_names(live):
    from neuroflow.live.tab import Tab

    (count,) = re.findall(r"of ([\d,]+) parameters", text(f"live/{live}.md"))
    assert len(Tab(live).training.model.parameters()) == int(count.replace(",", ""))


def test_the_tutorial_has_as_many_pages_as_the_front_says():
    words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    count = len(list((DOCS / "tutorial").glob("*.md")))
    assert f"in {words[count]}\npages of 10 to 20 minutes" in text("index.md")


def test_the_pages_about_the_core_state_the_lines_of_its_files():
    figures = loaded_results().figures()
    core = Path(nf.__file__).parent / "core"
    for name in ("value", "gradient"):
        length = len((core / f"{name}.py").read_text(encoding="utf-8").splitlines())
        assert figures[f"{name}_lines"] == str(length)
    assert int(figures["chapter_lines"]) == sum(
        int(figures[f"{name}_lines"]) for name in ("value", "gradient")
    )
    for page in ("explanation/reading-the-core.md", "explanation/beside-micrograd.md"):
        assert "{{ chapter_lines }} lines" in text(page)
        assert re.findall(r"(?<!micrograd's )\b(\d+) lines\b", text(page)) in ([], ["94"])
