"""A model as Python, C, plain tensors and ONNX answers as the model does."""

import ast
import csv
import io
import json
import math
import shutil
import subprocess
import sys

import pytest

import neuroflow as nf
from neuroflow.core.random import SplitMix32
from neuroflow.engine.runner import numbers_of
from neuroflow.export.c_file import c_file
from neuroflow.export.destinations import export, written
from neuroflow.export.examples import example_of
from neuroflow.export.python_file import python_file
from neuroflow.export.sources import Sources
from tests.support.sweeps import tries
from tests.support.tensors import flat

CC = shutil.which("cc")
needs_cc = pytest.mark.skipif(CC is None, reason="there is no C compiler called cc")
ROW = [0.5, -0.25]


def small_gpt(**settings):
    small = {"vocab_size": 5, "n_layer": 1, "n_embd": 4, "n_head": 2, "block_size": 4}
    return nf.build("gpt", rng=nf.SplitMix32(1), **{**small, **settings}).eval()


def ejected(model, path):
    """The names of the program."""
    text = python_file(model, path)[path]
    scope = {"__name__": "ejected", "__file__": str(path)}
    exec(compile(text, str(path), "exec"), scope)
    return scope


def compiled(model, folder):
    """The program of a model: words in, words out."""
    path = folder / "model.c"
    path.write_text(c_file(model, path)[path])
    warnings = ["-Wall", "-Wextra", "-Werror", "-pedantic"]
    program = folder / "model"
    subprocess.run([CC, "-std=c99", "-O1", *warnings, path, "-lm", "-o", program], check=True)

    def run(*words, text=None):
        command = [program, *map(str, words)]
        return subprocess.run(command, input=text, capture_output=True, text=True)

    return run


@pytest.mark.parametrize("activation", nf.names("activation"))
def test_python_answers_to_the_bit(activation, tmp_path):
    model = nf.build("mlp", sizes=[2, 3, 2], activation=activation, rng=nf.SplitMix32(7))
    program = ejected(model, tmp_path / "model.py")
    for row in (ROW, [3.0, -2.0], [0.0, 0.0]):
        assert program["numbers_of"](program["model"](row)) == numbers_of(model(row))


@pytest.mark.parametrize(
    "settings",
    [
        {"positions": "rotary", "norm": "layer_norm", "order": "post", "bias": True, "gated": True},
        {"positions": "alibi", "tied": True, "key_value_heads": 1, "final_norm": True},
        {"positions": "sinusoidal", "activation": {"use": "leaky_relu", "slope": 0.3}},
    ],
    ids=lambda settings: settings["positions"],
)
def test_python_answers_to_the_bit_as_a_language_model(settings, tmp_path):
    model = small_gpt(**settings)
    program = ejected(model, tmp_path / "model.py")
    assert program["numbers_of"](program["model"]([1, 4, 0])) == numbers_of(model([1, 4, 0]))


@pytest.mark.parametrize("activation", ["gelu", "softmax", "elu"])
def test_python_has_the_same_gradients_to_the_bit(activation, tmp_path):
    model = nf.build("mlp", sizes=[2, 3, 2], activation=activation, rng=nf.SplitMix32(7))
    program = ejected(model, tmp_path / "model.py")
    for each in (model(ROW), program["model"](ROW)):
        (each[0] * each[0] + each[1]).backward()
    names = [x for values in program["WEIGHTS"].values() for x in program["flat_list"](values)]
    assert [p.grad for p in names] == [p.grad for p in model.parameters()]


def test_python_says_what_it_is_and_imports_nothing_of_ours(tmp_path):
    path = tmp_path / "gpt.py"
    text = python_file(small_gpt(), path)[path]
    assert text.startswith('"""GPT: ')
    assert "neuroflow." not in text.split('"""', 2)[2].replace(":class:`neuroflow.", "")
    assert ">>>" not in text
    assert max(map(len, text.split("# The model")[0].split("# Its numbers")[0].split("\n"))) <= 100


def test_python_from_a_run_asks_and_trains(tmp_path):
    folder = tmp_path / "moons"
    settings = {"train.steps": 5, "data.standardize": True, "train.backend": "numpy"}
    model = nf.Run.start("moons", folder, {**settings, "data.points": 20}).run().training.model
    path = tmp_path / "moons.py"
    assert export(folder, "python", path).files == (path,)

    def run(*words):
        done = subprocess.run([sys.executable, path, *words], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.split("\n")

    answer, label = run("0.5", "-0.25")[0].split()
    assert float(answer) == nf.predict(model, [ROW])[0]
    assert label == nf.predict(model, [ROW], labels=True)[0]
    *steps, told, _ = run("--train", "3")
    assert [line.split("|")[0] for line in steps] == [f"step {k:4d} /    3 " for k in (1, 2, 3)]
    assert "moons.trained.json" in told
    trained, _ = run("--numbers", str(tmp_path / "moons.trained.json"), "0.5", "-0.25")[0].split()
    assert trained != answer


@pytest.mark.parametrize(
    "settings",
    [
        {"train.clip_norm": 0.01, "train.l2": 0.1},
        {"train.freeze": ["layers.0", "*.bias"]},
        {"train.batch": 6, "train.accumulation": 2},
        {"optimizer.groups": [{"parameters": ["layers.0"], "factor": 0.1, "weight_decay": 0.3}]},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_python_trains_as_the_run_does(settings, tmp_path, capsys):
    tiny = {
        "model": {"use": "mlp", "sizes": [2, 3, 1]}, "loss": "hinge",
        "optimizer": {"use": "sgd", "learning_rate": 0.5},
        "data": {"use": "moons", "points": 12},
        "train": {"steps": 2, "backend": "eager", "shuffle": False},
    }  # fmt: skip
    folder = tmp_path / "run"
    nf.Run.start(tiny, folder, settings).run()
    path = tmp_path / "tiny.py"
    export(folder, "python", path)
    scope = {"__name__": "ejected", "__file__": str(path)}
    exec(compile(path.read_text(), str(path), "exec"), scope)
    scope["train"](1)
    assert "step    1 /    1" in capsys.readouterr().out
    longer = nf.Run.start(tiny, tmp_path / "longer", {**settings, "train.steps": 3}).run()
    trained = json.loads((tmp_path / "tiny.trained.json").read_text())
    expected = [p.data for p in longer.training.model.parameters()]
    assert flat(list(trained.values())) == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_what_the_pieces_of_every_file_call_theirs_is_nobody_elses():
    def load(x):
        return x

    assert Sources().name(load) == "load_"


HOSTILE = ["a*/", "/*b", '""" c', "\\N{D}", "e\\", "it's", "%s??/", "new\nline", "f\x1b"]
"""Names that end a text, a comment or a line where nobody takes care."""


@pytest.fixture
def trained_on_hostile_names(tmp_path):
    """A run on a table whose columns and words are called so."""
    tree = {
        "model": {"use": "mlp", "sizes": ["data", 2, 1]}, "loss": "mse", "optimizer": "sgd",
        "data": {"use": "csv", "path": str(tmp_path / "odd.csv"), "target": "y"},
        "train": {"steps": 1, "backend": "eager"},
    }  # fmt: skip
    with open(tmp_path / "odd.csv", "w", newline="") as file:
        rows = [[*[word] * len(HOSTILE), f"{word},1", k] for word in HOSTILE for k in (0, 1)]
        csv.writer(file).writerows([[*HOSTILE, "words, too", "y"], *rows])
    return nf.Run.start(tree, tmp_path / "odd").run().training.model


def test_no_name_breaks_the_program(trained_on_hostile_names, tmp_path):
    model, path = trained_on_hostile_names, tmp_path / '"odd" name.py'
    assert ast.get_docstring(ast.parse(python_file(model, path)[path])).count("odd") >= 3
    program = ejected(model, path)
    row = [*["it's"] * len(HOSTILE), "it's,1"]
    assert (
        program["numbers_of"](program["model"](program["prepared"](row)))
        == (nf.predict(model, [row])[0])
    )


@needs_cc
def test_no_name_breaks_the_program_in_c_and_cells_in_quotes_hold_commas(
    trained_on_hostile_names, tmp_path
):
    run = compiled(trained_on_hostile_names, tmp_path)
    row = [*['""" c'] * len(HOSTILE), '""" c,1']
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(row)
    expected = pytest.approx(nf.predict(trained_on_hostile_names, [row])[0], rel=1e-12)
    assert float(run(text=line.getvalue()).stdout.split()[0]) == expected
    assert float(run(*row).stdout.split()[0]) == expected
    assert "a line is longer than 65534 bytes" in run(text="x" * 70_000).stderr


def test_large_models_keep_their_numbers_beside(tmp_path):
    model = nf.build("mlp", sizes=[2, 64, 64, 1], rng=nf.SplitMix32(1))
    files = python_file(model, tmp_path / "model.py")
    assert [path.name for path in files] == ["model.py", "model.json"]
    assert len(flat(list(json.loads(files[tmp_path / "model.json"])["numbers"].values()))) < 5000


@pytest.fixture
def trained_on_words(tmp_path):
    """A run on a table with words, a missing cell and a blank in a word."""
    table = tmp_path / "people.csv"
    rows = ["30,New York,yes", "45,Oslo,no", ",Oslo,no", "61,Rome,yes", "22,New York,yes"] * 3
    table.write_text("\n".join(["age,city,rich", *rows]))
    tree = {
        "model": {"use": "mlp", "sizes": [4, 3, 1]}, "loss": "hinge",
        "optimizer": {"use": "sgd", "learning_rate": 0.1},
        "data": {"use": "csv", "path": str(table), "target": "rich", "standardize": True,
                 "missing": "mean"},
        "train": {"steps": 3, "backend": "numpy"},
    }  # fmt: skip
    return nf.Run.start(tree, tmp_path / "people").run().training.model


@pytest.mark.parametrize("row", [["30", "New York"], ["", "Oslo"], ["61", ""]], ids=str)
def test_python_prepares_the_cells_of_a_table(trained_on_words, row, tmp_path):
    program = ejected(trained_on_words, tmp_path / "model.py")
    answer = program["numbers_of"](program["model"](program["prepared"](row)))
    assert answer == nf.predict(trained_on_words, [row])[0]
    assert program["label_of"](answer) == nf.predict(trained_on_words, [row], labels=True)[0]


@needs_cc
def test_c_prepares_the_cells_of_a_table(trained_on_words, tmp_path):
    run = compiled(trained_on_words, tmp_path)
    rows = [["30", "New York"], ["", "Oslo"], ["61", "NA"]]
    lines = run(text="".join(",".join(row) + "\n" for row in rows)).stdout.splitlines()
    answers = [float(line.split()[0]) for line in lines]
    assert answers == pytest.approx(nf.predict(trained_on_words, rows), rel=1e-12)
    assert [line.split()[1] for line in lines] == nf.predict(trained_on_words, rows, labels=True)
    assert run("30", "New York").stdout.split()[0] == lines[0].split()[0]
    assert "city is Paris, which the model does not know" in run("30", "Paris").stderr
    assert "age is old, which is no number" in run("old", "Rome").stderr


def test_python_says_what_is_wrong_with_a_row(trained_on_words, tmp_path):
    program = ejected(trained_on_words, tmp_path / "model.py")
    for row, told in ((["30"], "30: got 1, and the model takes 2 cells"),
                      (["old", "Rome"], "could not convert string to float: 'old'")):  # fmt: skip
        with pytest.raises(SystemExit, match=told):
            program["ask"](row)
    gpt = ejected(small_gpt(), tmp_path / "gpt.py")
    for token in ("5", "-1"):
        with pytest.raises(SystemExit, match=f"{token}: {token} is not from 0 to 4"):
            gpt["ask"]([token])


class Opaque(nf.Module):
    """A layer that does something outside of Python."""

    def __init__(self):
        self.outside = memoryview(b"")
        self.weight = nf.Value(1.0)

    def forward(self, xs):
        return [self.weight * len(self.outside) + x for x in xs]


def test_what_cannot_be_ejected_is_named(tmp_path):
    with pytest.raises(nf.InputError, match="of type memoryview cannot be written into a file"):
        python_file(Opaque(), tmp_path / "model.py")


@needs_cc
def test_c_agrees_labels_and_standardizes(tmp_path):
    changes = {"train.steps": 5, "data.standardize": True, "data.points": 20}
    model = nf.train("moons", {**changes, "train.backend": "numpy"}).run().model
    run = compiled(model, tmp_path)
    answer, label = run(*ROW).stdout.split()
    assert math.isclose(float(answer), nf.predict(model, [ROW])[0], rel_tol=1e-12)
    assert label == nf.predict(model, [ROW], labels=True)[0]
    assert len(run(text="0.5,-0.25\n1 2\n").stdout.splitlines()) == 2
    assert run("0.5").returncode == 1
    assert "x is no number" in run("x", "1").stderr
    assert "too many numbers" in run(1, 2, 3).stderr


@needs_cc
def test_c_agrees_for_a_language_model_of_any_length(tmp_path):
    model = small_gpt(positions="rotary", norm="layer_norm")
    run = compiled(model, tmp_path)
    for tokens in ([1], [1, 4, 0], [0, 1, 2, 3]):
        got = [float(x) for x in run(*tokens).stdout.split()]
        assert got == pytest.approx(flat(numbers_of(model(tokens))), rel=1e-12, abs=1e-12)
    assert "5 is no token id: they go from 0 to 4" in run(5).stderr


@needs_cc
@pytest.mark.sweep
def test_c_agrees_for_random_models(tmp_path, figures):
    worst, tried = 0.0, tries(2, full=40)
    for seed in range(tried):
        rng = SplitMix32(seed)
        sizes = [rng.randint(1, 4) for _ in range(rng.randint(2, 4))]
        settings = {
            k: rng.choice(nf.names("activation")) for k in ("activation", "output_activation")
        }
        model = nf.build("mlp", sizes=sizes, rng=rng, **settings).eval()
        row = [rng.uniform(-3.0, 3.0) for _ in range(sizes[0])]
        got = [float(x) for x in compiled(model, tmp_path)(*row).stdout.split()]
        for mine, its in zip(flat([numbers_of(model(row))]), got, strict=True):
            worst = max(worst, abs(mine - its) / max(1.0, abs(mine)))
    assert worst < 1e-12
    figures(tried=tried, faults=0, worst=worst)


def test_what_c_cannot_do_is_named(tmp_path):
    encoder = nf.build("encoder", vocab_size=5, n_embd=4, n_head=2)
    with pytest.raises(nf.InputError, match="Encoder reads texts of every length as a whole"):
        c_file(encoder, tmp_path / "model.c")


def test_tensors_are_matrices_by_the_names_of_pytorch(tmp_path):
    reader = pytest.importorskip("safetensors.numpy", reason="safetensors is not installed")
    model = small_gpt(tied=True)
    files = written(model, "safetensors", tmp_path / "m.safetensors", "float32")
    tensors = reader.load(files[tmp_path / "m.safetensors"])
    assert tensors["transformer.wte.weight"].shape == (5, 4)
    assert tensors["transformer.wte.weight"].dtype == "float32"
    assert (tensors["lm_head.weight"] == tensors["transformer.wte.weight"]).all()
    config = json.loads(files[tmp_path / "config.json"])
    assert config["tensors"]["transformer.h.0.attn.c_attn.weight"] == [12, 4]
    assert nf.build(config["model"]).configuration() == model.configuration()


def test_a_model_that_fails_at_what_it_does_not_take_is_asked_for_something_else():
    class Second(nf.Module):
        """The second of two numbers."""

        def forward(self, xs):
            """An IndexError for a single one."""
            return xs[1] * 2.0

    assert example_of(Second()) == [0, 1]


def test_an_unknown_destination_is_refused_with_those_that_there_are(tmp_path):
    with pytest.raises(nf.InputError, match=r"unknown destination 'onxx'; .*did you mean 'onnx'"):
        export(tmp_path, "onxx")


def test_onnx_needs_its_packages(tmp_path, monkeypatch):
    monkeypatch.setattr("neuroflow.tensors.package.find_spec", lambda name: None)
    with pytest.raises(nf.BackendError, match="needs PyTorch, which is not installed"):
        written(small_gpt(), "onnx", tmp_path / "m.onnx")


ONNX = """
import sys, neuroflow as nf
from pathlib import Path
from neuroflow.export.destinations import written
gpt = nf.build("gpt", vocab_size=5, n_embd=4, n_head=2, positions="rotary", activation="gelu")
mlp = nf.train("moons", {"train.steps": 5, "data.standardize": True, "data.points": 20}).run().model
for model in (gpt, mlp):
    assert len(written(model, "onnx", Path("m.onnx"))[Path("m.onnx")]) > 1000
"""


@pytest.mark.sweep
def test_onnx_is_tried_with_its_runtime(figures):
    if not tries(0, full=1):
        pytest.skip("PyTorch's exporter takes ten seconds: run with the sweeps")
    for package in ("torch", "onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(package, reason=f"{package} is not installed")
    done = subprocess.run([sys.executable, "-c", ONNX], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    figures(tried=2, faults=0)
