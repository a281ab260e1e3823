"""Damaged and crafted files: errors of ours or the right numbers, in bounded time and memory."""

from __future__ import annotations

import copy
import json
import random
import time
import tracemalloc

import pytest

import neuroflow as nf
from neuroflow.checkpoint import CHECKPOINT
from neuroflow.checkpoint.container import DTYPES, Stored
from neuroflow.training import read_run
from tests.support.files import Opened, with_header
from tests.support.sweeps import tries
from tests.training.test_folder import TINY

NASTY = [
    None, True, 0, -1, 1, 2**31, 2**63, 10**30, 10**400, 1e308, float("nan"), float("inf"), "",
    "x", "\x1b[31mred", "../../etc/passwd", "\x00", "a" * 5000, "\ud800", [], {}, [[]], [None],
    {"use": "mlp"}, {"use": {}}, {"use": "mlp", "sizes": [2, 3]}, [1, "a"], {"": ""}, 3.5,
    "op/tanh@1", "neuroflow/mlp@1", [10**9], [10**5, 10**5], [2, 10**9, 1], [[[[[1]]]]],
]  # fmt: skip
TEXTS = {
    "model": {"use": "gpt", "n_embd": 4, "n_head": 2, "n_layer": 1, "block_size": 8},
    "loss": "cross_entropy",
    "optimizer": {"use": "adam", "learning_rate": 0.05},
    "data": {"use": "rows", "rows": [[0, 1]]},
    "train": {"steps": 2, "batch": 2, "backend": "eager"},
}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """The folders of two small runs: one of rows, one of texts."""
    folder = tmp_path_factory.mktemp("runs")
    (folder / "texts.txt").write_text("anna\nbob\ncleo\n")
    rows = {
        **TINY,
        "optimizer": {"use": "adam", "learning_rate": 0.05},
        "data": {**TINY["data"], "standardize": True},
    }
    texts = {**TEXTS, "data": {"use": "lines", "path": str(folder / "texts.txt")}}
    nf.Run.start(rows, folder / "rows").run()
    nf.Run.start(texts, folder / "texts").run()
    return [folder / "rows", folder / "texts"]


def places(tree, path=()):
    """The path of everything that a tree holds; of long lists the first few."""
    yield path
    pairs = (
        tree.items()
        if isinstance(tree, dict)
        else enumerate(tree[:4] if isinstance(tree, list) else ())
    )
    for key, inner in pairs:
        yield from places(inner, (*path, key))


def mutated(tree, rng):
    """A tree with one or two places removed, replaced or added."""
    tree = copy.deepcopy(tree)
    for _ in range(rng.choice([1, 1, 1, 2])):
        path = rng.choice(list(places(tree)))
        if not path:
            continue
        here = tree
        for key in path[:-1]:
            here = here[key]
        chance, nasty = rng.random(), rng.choice(NASTY)
        if chance < 0.2:
            del here[path[-1]]
        elif chance < 0.3 and isinstance(here, dict):
            here[rng.choice(["extra", "use", "__class__", "self", "", "rng"])] = nasty
        else:
            here[path[-1]] = nasty
    return tree


def other_tensors(opened, rng):
    """Tensors that a model does not need, or lacks, or that are of another kind."""
    tensors, name = opened.tensors, rng.choice(list(opened.tensors))
    old = tensors[name]
    numbers = len(old.content) // 8
    kind = rng.randrange(8)
    if kind == 0:
        dtype = rng.choice([*DTYPES, "F8_E5M2", "C64", "X"])
        tensors[name] = Stored(old.shape, bytes(DTYPES.get(dtype, 1) * numbers), dtype)
    elif kind == 1:
        shape = rng.choice([(numbers,), (numbers, 1), (1, 1, numbers), (1,) * 8 + (numbers,)])
        tensors[name] = Stored(shape, old.content)
    elif kind == 2:
        del tensors[name]
    elif kind == 3:
        strange = rng.choice(["extra", "", ".", "0.0.0", "a" * 10_000, "σ\u202e\x1b[31m", "\ud800"])
        tensors[strange] = Stored((2,), bytes(16))
    elif kind == 4:
        filling = rng.choice([b"\x00", b"\xff"]) * len(old.content)
        tensors[name] = Stored(old.shape, filling)
    elif kind == 5:
        tensors[rng.choice(["0", "..", f"{name}.0", name.upper(), "0." * 3000 + "0"])] = (
            tensors.pop(name)
        )
    elif kind == 6:
        tensors["optimizer:m"] = Stored(rng.choice([(1,), (2, 2), (0,)]), b"")
        size = 8 * tensors["optimizer:m"].shape[0] * (tensors["optimizer:m"].shape[-1:] or (1,))[0]
        shape = tensors["optimizer:m"].shape
        tensors["optimizer:m"] = Stored(shape, bytes(size if len(shape) == 2 else 8 * shape[0]))
    else:
        tensors.update({f"x.{k}": Stored((1,), bytes(8)) for k in range(rng.choice([1, 2000]))})
    return opened


def crafted(path, rng):
    """Write a file whose checksums are right and whose content is not."""
    opened = Opened.at(path)
    kind = rng.randrange(5)
    if kind < 3:
        part = rng.choice(["model", "uses", "data", "state", "state", "configuration"])
        opened.about[part] = mutated(opened.about[part], rng)
        opened.write(path)
    elif kind == 3:
        other_tensors(opened, rng).write(path)
    else:
        content = path.read_bytes()
        path.write_bytes(with_header(content, lambda header: mutated(header, rng)))


def damaged(path, rng):
    """Change bytes without any care, as a bad disk does."""
    content = bytearray(path.read_bytes())
    at, kind = rng.randrange(len(content)), rng.randrange(4)
    if kind == 0:
        del content[at:]
    elif kind == 1:
        content[at] ^= 1 << rng.randrange(8)
    elif kind == 2:
        content[at:at] = rng.randbytes(rng.randrange(1, 9))
    else:
        del content[at : at + rng.randrange(1, 9)]
    path.write_bytes(bytes(content))


def resumed(folder):
    return nf.Run.resume(folder).training.model


def looked_at(folder):
    return read_run(folder).model


def asked(folder):
    return nf.predict(folder, [[0.5, -0.5]])


@pytest.mark.sweep
@pytest.mark.parametrize("hurt", [damaged, crafted])
@pytest.mark.filterwarnings("ignore::neuroflow.errors.NeuroflowWarning")
def test_a_file_that_is_not_right_is_refused_or_right(runs, tmp_path, hurt, figures):
    rng, count = random.Random(hurt.__name__), tries(30, full=1000)
    slowest, refused = 0.0, 0
    for k in range(count):
        run = runs[k % 2]
        for path in run.iterdir():
            (tmp_path / path.name).write_bytes(path.read_bytes())
        hurt(tmp_path / CHECKPOINT, rng)
        same = (tmp_path / CHECKPOINT).read_bytes() == (run / CHECKPOINT).read_bytes()
        for call in (nf.inspect_file, nf.load, asked, resumed if k % 4 else looked_at):
            begun = time.process_time()
            try:
                found = call(tmp_path)
            except nf.NeuroflowError:
                refused += 1
            else:
                if hurt is damaged and call is nf.load and not same:
                    assert found.state_dict() == nf.load(run).state_dict()
            slowest = max(slowest, time.process_time() - begun)
    figures(tried=4 * count, faults=0, refused=refused, slowest_seconds=round(slowest, 3))
    assert slowest < 1


HUGE = {
    "a wide layer": ("sizes", [2, 10**9, 1]),
    "wide layers": ("sizes", [10**5, 10**5]),
    "beyond all measure": ("sizes", [2, 10**30, 1]),
    "too many for the file": ("sizes", [2, 20_000, 1]),
}


@pytest.mark.parametrize(("name", "value"), HUGE.values(), ids=HUGE)
def test_a_small_file_cannot_ask_for_a_huge_model(runs, tmp_path, name, value):
    path = tmp_path / "m.safetensors"
    opened = Opened.at(runs[0] / CHECKPOINT)
    opened.about["model"][name] = value
    opened.write(path)
    begun = time.process_time()
    tracemalloc.start()
    try:
        with pytest.raises(nf.NeuroflowError, match=r"another architecture|would take about"):
            nf.load(path)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 20e6
    assert time.process_time() - begun < 1


def test_a_configuration_that_was_made_huge_is_no_reason_to_build_it(runs, tmp_path):
    for path in runs[0].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    config = tmp_path / "config.toml"
    config.write_text(config.read_text().replace("sizes = [2, 2, 1]", "sizes = [2, 20000, 1]"))
    with pytest.raises(nf.StateError, match="holds a model of another architecture: it has 9 numb"):
        nf.Run.resume(tmp_path)


def test_the_description_of_a_file_is_plain_json(runs):
    assert json.dumps(Opened.at(runs[0] / CHECKPOINT).about, allow_nan=False)
