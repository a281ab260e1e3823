"""Any names with any settings that are declared train, or are refused in words: no raw errors.

Layer, dataset, loss, optimizer, schedule, initializers, activations, tokenizer, metrics and
observers are drawn at random, with settings from their declared ranges. Sizes are drawn so that
some fit.
"""

from __future__ import annotations

import random
import re
import typing
import warnings

import pytest

import neuroflow as nf
from neuroflow.config import SECTIONS, settings_of
from neuroflow.core.types import is_list
from tests.support.sweeps import tries

FILES = {
    "rows.csv": "a,b,y,t\n1,2,x,ab\n2,1,z,ba\n3,3,x,bb\n4,1,z,aa\n",
    "numbers.csv": "a,b,y,t\n1,2,0.5,ab\n2,1,1.5,ba\n3,3,2.5,bb\n4,1,-1,aa\n",
    "text.txt": "ab ba\nbab\n  aab\nabba\n",
}
ELSEWHERE = ("tensorboard",)
"""What leaves hooks of its library in a process: it is tried in one of its own."""
FIXED = {
    "points": (4, 6), "examples": (1, 3), "most_lines": (3, 4), "length": (1, 2),
    "block_size": (2, 4, 16, 16), "stride": (0, 1, 2), "digits": (1, 1), "alphabet": (1, 2, 3),
    "n_layer": (1, 1, 2), "n_head": (1, 1, 2, 3), "key_value_heads": (0, 0, 1, 2),
    "n_embd": (1, 2, 4), "vocab_size": (3, 27, 30), "source_length": (1, 2, 3),
    "n_merges": (0, 2), "hidden": (0, 0, 1, 3), "head_size": (None, 1, 2),
    "f": ("sin(x)", "x**2", "1 / x", "log(x)", "1e300 * x"),
    "columns": (None, None, ["a"], ["b", "a"]), "target": (None, "y", "y", "a", -1, ["a", "b"]),
    "source": ("t", "y", 0), "column": ("t", 0), "weights": (None, None, "a"),
    "delimiter": (None, ","), "thousands": (None, "", "."), "encoding": (None, "utf-8"),
    "pieces": (None,), "merges": (None,), "tokenizer": None, "no_decay": ([], ["*"], ["bias"]),
    "rows": ([[1, 2, 0], [2, 1, 1]], [[0.5, -1, 1], [1, 1, 0]], [[1], [2]], []),
    "most_pieces": (0, 0, 3), "between": ("\n", " "), "metrics": None,
}  # fmt: skip
"""What is drawn for names of which the declared range alone would be too large, or never fit."""

RAW = re.compile(r"\b(?:Type|Attribute|Index|Key|Value|Runtime|ZeroDivision|Overflow)Error\b")


ALWAYS = ("points", "examples", "most_lines", "block_size")
"""What is always drawn, as its default would take long."""

NOT_DRAWN = (
    "epochs", "steps", "backend", "threads", "metrics", "observers", "keep", "best_by", "patience",
)  # fmt: skip
"""Settings of a run that are chosen apart, or ask for others."""

PLANES = ("circles", "gauss", "linear", "moons", "spirals", "xor")
WORDS = ("copy", "sort", "reverse", "names", "lines", "addition")
ONE_NUMBER = ("hinge", "squared_hinge", "binary_cross_entropy")
FITTING = [
    *((data, (2, 1), ONE_NUMBER) for data in PLANES if data != "gauss"),
    *((data, (2, 2), ("cross_entropy",)) for data in PLANES),
    ("function", (1, 1), ("mse", "mae", "huber")),
    *((data, None, ("cross_entropy",)) for data in WORDS),
]
"""Datasets with inputs and outputs, and losses, that fit each other; None is text."""

KINDS = ("layer", "dataset", "loss", "optimizer", "schedule", "initializer", "activation",
         "tokenizer", "metric", "observer")  # fmt: skip


class Draw:
    """Random configurations; of three in five dataset, model and loss are drawn to fit."""

    def __init__(self, seed, folder):
        self.rng, self.folder = random.Random(seed), folder
        self.sizes = (1, 2, 2, 3)
        self.entries = {
            kind: {
                entry.shortest_name: entry
                for entry in nf.find("*", kind)
                if entry.namespace == "neuroflow" and "digit" not in entry.name  # 1,797 images
            }
            for kind in KINDS
        }

    def tree(self):
        rng = self.rng
        tree = self.fitting() if rng.random() < 0.6 else self.anything()
        tree["optimizer"] = {
            **self.part("optimizer"),
            "learning_rate": rng.choice([1e-3, 0.1, 1.0, 1e6]),
            "schedule": self.part("schedule", warmup=rng.choice([0, 0, 1])),
        }
        (train,) = (section.settings for section in SECTIONS if section.name == "train")
        tree["train"] = {
            setting.name: self.value(setting)
            for setting in train
            if setting.name not in NOT_DRAWN and rng.random() < 0.1
        }
        backend = "eager" if rng.random() < 0.98 else "numpy"
        tree["train"] |= {"steps": 1, "batch": 2, "backend": backend}
        if rng.random() < 0.1:
            tree["train"]["metrics"] = rng.sample(list(self.entries["metric"]), 2)
        if rng.random() < 0.05:
            tree["train"]["keep"] = "best"
        if rng.random() < 0.1:
            names = rng.sample([n for n in self.entries["observer"] if n not in ELSEWHERE], 2)
            tree["train"]["observers"] = [self.part("observer", name) for name in names]
        return tree

    def anything(self):
        data = self.part("dataset")
        for name, values in (("test", [0.25, 0.5, 1.0]), ("validation", [0.25, 0.5])):
            if self.rng.random() < 0.1:
                data[name] = self.rng.choice(values)
        if self.rng.random() < 0.1:
            data["standardize"] = True
        return {"data": data, "model": self.model(), "loss": self.part("loss")}

    def fitting(self):
        rng = self.rng
        data, form, losses = rng.choice(FITTING)
        more = {"block_size": 16, "path": str(self.folder / "text.txt")}
        tree = {
            "data": self.part("dataset", data, **more),
            "loss": self.part("loss", rng.choice(losses)),
        }
        tree["data"].pop("classes", None)
        if form is None:
            name = rng.choice(["gpt", "gpt", "gpt", "encoder", "encoder_decoder"])
            tree["model"] = self.part("layer", name, n_embd=4, n_head=2, key_value_heads=0,
                                      block_size=32, source_length=1)  # fmt: skip
            del tree["model"]["vocab_size"]
            return tree
        n_in, n_out = form
        last = self.part("layer", rng.choice(["layer", "linear", "neuron", "mlp"]),
                         inputs=n_in, outputs=n_out, sizes=[n_in, 2, n_out])  # fmt: skip
        if rng.random() < 0.5:
            name = rng.choice(["layer_norm", "rms_norm", "dropout", "feed_forward"])
            first = self.part("layer", name, size=n_in, n_embd=n_in)
            last = {"use": "sequential", "layers": [first, last]}
        return {**tree, "model": last}

    def model(self, depth=0):
        if depth < 2 and self.rng.random() < 0.25:
            layers = [self.model(depth + 1) for _ in range(self.rng.randint(0, 3))]
            return {"use": "sequential", "layers": layers}
        return self.part("layer", depth=depth)

    def part(self, kind, name="", depth=0, **fixed):
        """An entry, drawn or named, with drawn settings beside those that are fixed."""
        entry = self.entries[kind][name or self.rng.choice(list(self.entries[kind]))]
        if entry.name == "sequential":
            return {"use": "sequential", "layers": [self.part("layer", depth=depth + 1)]}
        table = {"use": entry.shortest_name}
        in_place = {setting.unless for setting in settings_of(entry)}  # of sizes: never fit
        for setting in settings_of(entry):
            if setting.name in in_place:
                continue
            if setting.name in fixed:
                table[setting.name] = fixed[setting.name]
            elif setting.required or setting.name in ALWAYS or self.rng.random() < 0.4:
                value = self.value(setting, depth + 1)
                if value is not None:
                    table[setting.name] = value
        return table

    def value(self, setting, depth=1):
        rng, name, hint = self.rng, setting.name, setting.type
        if setting.part:
            return self.part(setting.part, depth=depth) if depth < 4 else None
        if setting.file or name == "path":
            return str(self.folder / rng.choice(list(FILES)))
        if name in ("inputs", "outputs", "size"):
            return rng.choice(self.sizes)
        if name == "sizes":
            return [rng.choice(self.sizes), *rng.sample((1, 2, 3), rng.randint(1, 2))]
        if FIXED.get(name) is not None:
            return rng.choice(FIXED[name])
        options = typing.get_args(hint) or (hint,)
        if all(isinstance(option, str) for option in options):
            return rng.choice(options)
        if bool in options:
            return rng.random() < 0.5
        if int in options and not is_list(hint):
            low = int(max(setting.low, -3))
            return min(rng.randint(low, low + 4), int(min(setting.high, 2**31)))
        if float in options:
            return self.number(setting)
        return None

    def number(self, setting):
        low = max(setting.low, -1e3)
        high = min(setting.high, 1e6)
        x = self.rng.choice([low, high, low + 1e-3, low + 0.1, low + 0.5, low + 1, low + 10])
        x = min(max(x, low), high)
        return x if setting.problem(x) is None else (setting.default or 0.5)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # where observers write, as these runs have no folder
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    return tmp_path


def outcome(tree):
    """What a tree comes to: ``trained``, the error that refuses it, or the raw one."""
    try:
        run = nf.train(tree).run()
        if run.dataset.task != "sequence":
            nf.predict(run.model, run.dataset.inputs[:1])
        return "trained"
    except nf.NeuroflowError as error:
        return error
    except Exception as error:
        return error


@pytest.mark.sweep
@pytest.mark.parametrize("seed", range(4))
def test_any_names_train_or_are_refused_in_words(folder, figures, seed):
    draw = Draw(seed, folder)
    trained, refused, faults = 0, 0, {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", nf.errors.NeuroflowWarning)
        for _ in range(tries(30, full=2_500)):
            tree = draw.tree()
            found = outcome(tree)
            if found == "trained":
                trained += 1
            elif isinstance(found, nf.NeuroflowError) and not RAW.search(str(found)):
                refused += 1
            else:
                faults.setdefault(f"{type(found).__name__}: {str(found)[:200]}", tree)
    figures(
        tried=trained + refused + len(faults), faults=len(faults), trained=trained, refused=refused
    )
    assert faults == {}
    assert trained > 0.1 * (trained + refused)
