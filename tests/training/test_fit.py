"""nf.fit and nf.train: a model, data and functions of one's own, trained, used, saved, resumed."""

from __future__ import annotations

import numpy as np
import pytest

import neuroflow as nf
from neuroflow.training import CONFIGURATION, Run
from neuroflow.training.fit import prepared

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
CLASS = np.where(X[:, 0] > X[:, 1], "big", "small")
LINE = X @ [1.0, -2.0, 0.5] + 3.0


class Recurrent(nf.Module):
    """A state of two numbers, moved by each point of a list of any length."""

    def __init__(self, *, seed):
        rng = nf.SplitMix32(seed)
        self.rows = [[nf.Value(rng.gauss(0.0, 0.5)) for _ in range(4)] for _ in range(2)]
        self.out = [nf.Value(0.5), nf.Value(-0.5)]

    def forward(self, points):
        state = [nf.Value(0.0), nf.Value(0.0)]
        for point in points:
            state = [nf.dot(row, [*point, *state]).tanh() for row in self.rows]
        return nf.dot(self.out, state)


class Twins(nf.Module):
    """One layer for both inputs of a pair; gives how far apart what it makes of them is."""

    def __init__(self):
        self.layer = nf.build("layer", inputs=3, outputs=2, rng=nf.SplitMix32(4))

    def forward(self, pair):
        ours, theirs = self.layer(pair[0]), self.layer(pair[1])
        return nf.sum([(a - b) ** 2 for a, b in zip(ours, theirs, strict=True)])


class Named(nf.Module):
    """An embedding, chosen by whole numbers, beside plain features."""

    def __init__(self):
        self.table = [[nf.Value(0.1 * k), nf.Value(-0.2 * k)] for k in range(4)]

    def forward(self, x):
        chosen = [nf.take(self.table, k) for k in x["ids"]]
        return nf.sum([row[0] * x["size"] + row[1] for row in chosen])


class Embedding(nf.Module):
    """Ids alone, in a flat row."""

    def __init__(self):
        self.table = [[nf.Value(0.1 * k)] for k in range(5)]

    def forward(self, ids):
        return nf.sum([nf.take(self.table, k)[0] for k in ids])


def contrast(distance, same):
    """The targets are the numbers that were given, 0 and 1, not -1 and +1."""
    return same * distance + (1 - same) * nf.maximum(0.0, 1.0 - distance)


LENGTHS = [2, 3, 2, 3, 2, 2, 3, 2]
OWN = {
    "recurrent": (
        lambda: Recurrent(seed=1),
        [RNG.normal(size=(n, 2)).tolist() for n in LENGTHS],
        np.linspace(-1.0, 1.0, len(LENGTHS)),
        {},
    ),
    "twins": (
        Twins,
        [(X[k], X[k + 1]) for k in range(8)],
        [1, 0, 1, 1, 0, 0, 1, 0],
        {"loss": contrast},
    ),
    "dicts": (
        Named,
        [{"ids": [k % 4, (k + 1) % 4], "size": 0.1 * k} for k in range(8)],
        np.arange(8) / 4.0,
        {"loss": nf.get("loss", "huber")},
    ),
    "ids": (Embedding, np.array([[0, 1], [2, 4], [3, 3]]), [1.0, 2.0, 3.0], {}),
}


@pytest.mark.parametrize("kind", OWN)
def test_a_module_of_ones_own_is_trained_alike_eagerly_and_compiled(kind):
    make, inputs, targets, parts = OWN[kind]
    runs = [
        nf.fit(make(), inputs, targets, epochs=3, batch=4, backend=backend, **parts)
        for backend in ("eager", "numpy")
    ]
    eager, compiled = (run.model.state_dict() for run in runs)
    assert compiled == pytest.approx(eager, rel=1e-9, abs=1e-9)
    assert eager != make().state_dict()
    assert runs[0].predict(inputs) == pytest.approx(runs[1].predict(inputs))
    assert runs[0].evaluate(inputs, targets)["loss"] == pytest.approx(
        runs[1].evaluate(inputs, targets)["loss"]
    )


@pytest.mark.parametrize(
    ("y", "settings", "task", "outputs"),
    [
        (CLASS, {}, "binary", 1),
        (CLASS, {"loss": "cross_entropy"}, "binary", 2),
        (LINE, {}, "regression", 1),
        (np.arange(40) % 3, {}, "classes", 3),
        (np.stack([LINE, -LINE], 1), {"loss": "mae"}, "regression", 2),
        (np.sign(LINE), {"loss": "hinge"}, "binary", 1),
    ],
)
def test_a_name_takes_its_sizes_from_the_data(y, settings, task, outputs):
    run = nf.fit("mlp", X, y, hidden=[4], steps=2, backend="eager", **settings)
    assert (run.dataset.task, run.model.sizes) == (task, [3, 4, outputs])
    assert run.summary()["note"].startswith(f"the task is {task}, as ")


def fit_by(loss):
    return nf.fit("mlp", X, LINE, loss=loss, steps=1)


def test_weights_and_sparse_rows_are_taken_as_they_are():
    sparse = pytest.importorskip("scipy.sparse").csr_matrix(X)
    facts = {"hidden": [2], "steps": 20, "backend": "eager", "batch": None, "learning_rate": 0.1}
    twice = np.repeat(np.arange(40), np.where(X[:, 0] > 0, 2, 1))
    double = nf.fit("mlp", X[twice], LINE[twice], optimizer="sgd", **facts)
    weights = np.where(X[:, 0] > 0, 2.0, 1.0) * 40 / len(twice)
    once = nf.fit("mlp", sparse, LINE, optimizer="sgd", weights=weights, **facts)
    assert once.predict(X[:3]) == pytest.approx(double.predict(X[:3]))
    assert once.predict(X[:3]) != nf.fit("mlp", X, LINE, optimizer="sgd", **facts).predict(X[:3])


def test_several_columns_of_a_frame_are_targets_and_no_name_comes_twice():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=["a", "b", "c"]).assign(w=["x", "y"] * 20)
    run = nf.fit("mlp", frame, ["c", "a"], steps=1, backend="eager")
    assert (run.dataset.columns, run.dataset.targets[0]) == (("b", "w = x", "w = y"),
                                                             [X[0, 2], X[0, 0]])  # fmt: skip
    with pytest.raises(nf.InputError, match="2 columns of the name 'a'"):
        nf.fit("mlp", pandas.DataFrame(X, columns=["a", "a", "c"]), LINE)


def largest(predictions, targets):
    return max(abs(p - t) for p, t in zip(predictions, targets, strict=True))


def test_metrics_are_names_entries_and_functions_and_a_resumed_run_asks_for_those(tmp_path):
    asked = ["mae", nf.get("metric", "rmse"), largest]
    facts = {"steps": 4, "evaluate_every": 2, "backend": "eager", "keep": "best",
             "best_by": "largest"}  # fmt: skip
    run = nf.fit("mlp", X, LINE, metrics=asked, **facts, folder=tmp_path / "run")
    assert {"mae", "rmse", "largest"} <= set(run.evaluate())
    with pytest.raises(nf.InputError, match=r"its metrics \(largest\).*metrics=\.\.\."):
        Run.resume(tmp_path / "run", data=(X, LINE))
    again = Run.resume(tmp_path / "run", data=(X, LINE), metrics=[largest])
    assert again.evaluate().scores == run.evaluate().scores
    assert nf.fit("mlp", X, LINE, metrics="mae", steps=1).evaluate()["mae"] > 0


def test_a_loss_of_ones_own_may_take_answers_that_are_lists_in_lists():
    class Heads(nf.Module):
        def __init__(self):
            self.one = nf.build("mlp", sizes=[3, 1], rng=nf.SplitMix32(1))
            self.two = nf.build("mlp", sizes=[3, 2], rng=nf.SplitMix32(2))

        def forward(self, x):
            return [self.one(x), self.two(x)]

    run = nf.fit(Heads(), X, LINE, loss=lambda p, t: (p[0] - t) ** 2 + p[1][0] ** 2, steps=2)
    assert sorted(run.evaluate()) == ["loss"]


def test_a_model_that_is_one_layer_takes_its_sizes_too_and_one_hidden_size_is_a_list():
    assert nf.fit("linear", X, LINE, steps=1, backend="eager").model.inputs == 3
    assert nf.fit("mlp", X, LINE, hidden=4, steps=1, backend="eager").model.sizes == [3, 4, 1]


@pytest.mark.parametrize(
    "model",
    [
        "mlp",
        {"use": "mlp", "sizes": ["data", 16, "data"]},
        {"model": {"use": "mlp", "sizes": ["data", 16, "data"]}},
        {"model": "mlp", "train": {"epochs": 2}},
        nf.get("layer", "mlp"),
        "file",
    ],
    ids=["name", "table", "tree", "longer tree", "entry", "toml"],
)
def test_a_model_is_a_name_a_table_an_entry_or_a_file(model, tmp_path):
    if model == "file":
        model = tmp_path / "it.toml"
        model.write_text('[model]\nuse = "mlp"\nsizes = ["data", 16, "data"]\n')
    run = nf.fit(model, X, LINE, epochs=2, backend="eager", seed=5)
    assert run.predict(X[:2]) == nf.fit("mlp", X, LINE, epochs=2, backend="eager", seed=5).predict(
        X[:2].tolist()
    )
    assert (run.epoch, run.configuration["optimizer"]["use"]) == (2, "adam")


def test_settings_find_their_table_and_functions_are_parts():
    @nf.update_rule
    def plain(w, g, *, learning_rate, push=1.0):
        return (w - push * learning_rate * g,)

    def halving(rate, step, steps):
        return rate / 2**step

    facts = {"learning_rate": 0.25, "steps": 3, "backend": "eager", "shuffle": False}
    run = nf.fit("mlp", X, LINE, optimizer=plain, push=2.0, schedule=halving, dropout=0.1, **facts)
    assert run.metrics["learning_rate"] == 0.25 / 4
    assert run.configuration["optimizer"] == {
        "given": "plain", "push": 2.0, "learning_rate": 0.25, "schedule": {"given": "halving"},
    }  # fmt: skip
    assert run.configuration["model"]["dropout"] == 0.1
    named = nf.fit("mlp", X, LINE, optimizer=nf.get("optimizer", "sgd"), momentum=0.5, steps=1)
    assert named.configuration["optimizer"]["momentum"] == 0.5
    with pytest.raises(nf.InputError, match=r"no.* a setting 'epoch'; did you mean 'epochs'\?"):
        nf.fit("mlp", X, LINE, epoch=3)


def test_a_run_predicts_evaluates_explains_saves_and_loads(tmp_path):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=["a", "b", "c"]).assign(kind=CLASS)
    run = nf.fit("mlp", frame, "kind", epochs=20, standardize=True, test=0.25)
    assert run.predict(frame[["c", "a", "b"]], labels=True) == run.predict(X, labels=True)
    scores = run.evaluate(frame, "kind")
    assert scores["accuracy"] == np.mean(np.array(run.predict(X, labels=True)) == CLASS) > 0.7
    assert set(scores) == {"loss", "accuracy"}
    assert run.evaluate().part == "test"
    told = str(run.explain(X[0]))
    assert all(f"\n  {name} " in told for name in "abc")
    run.save(tmp_path / "it.safetensors")
    assert nf.predict(tmp_path / "it.safetensors", X) == run.predict(X)
    other = run.evaluate(X[:4], ["small", "small", "big", "small"])
    assert 0.0 <= other["accuracy"] <= 1.0
    with pytest.raises(nf.InputError, match="of row 0 is 'tiny', which is none of the classes"):
        run.evaluate(X[:1], ["tiny"])
    with pytest.raises(
        nf.InputError, match="the dataset has the class '1'; expected one of big, small"
    ):
        run.evaluate(nf.Dataset(X[:2], [0, 1], "binary", labels=("big", "1")))
    with pytest.raises(nf.InputError, match="there is no output 3; expected 0 to 0"):
        run.explain(X[0], output=3)


def test_held_out_examples_may_be_given():
    run = nf.fit("mlp", X[:30], CLASS[:30], test=(X[30:], CLASS[30:]), steps=2, backend="eager")
    assert (len(run.dataset), len(run.test)) == (30, 10)
    assert run.test.labels == run.dataset.labels
    kept = nf.fit("mlp", X[:30], CLASS[:30], validation=(X[30:], CLASS[30:]), keep="best",
                  steps=3, evaluate_every=1, backend="eager")  # fmt: skip
    assert len(kept.validation) == 10
    assert kept.best.by == "validation_loss"
    data = nf.Dataset(X.tolist(), LINE.tolist())
    assert nf.fit("mlp", data, steps=1, test=0.5, backend="eager").summary()["test_examples"] == 20


@pytest.mark.parametrize(
    ("name", "told"),
    [("backend", '{"train.backend": ...}'), ("steps", '{"train.steps": ...}'),
     ("learning_rate", '{"optimizer.learning_rate": ...}'), ("modle", "did you mean 'model'?")],
)  # fmt: skip
def test_train_refuses_what_is_no_part(name, told):
    with pytest.raises(nf.InputError, match=f"got the part '{name}'") as caught:
        nf.train("moons", **{name: None})
    assert told in caught.value.remedy


def test_train_takes_the_same_parts_in_a_tree_or_beside_it():
    tree = {"loss": "mse", "optimizer": "sgd", "train": {"steps": 2, "backend": "eager"}}
    inside = nf.train({**tree, "model": Recurrent(seed=1), "data": OWN["recurrent"][1:3]}).run()
    beside = nf.train(tree, model=Recurrent(seed=1), data=OWN["recurrent"][1:3]).run()
    assert inside.model.state_dict() == beside.model.state_dict()
    recipe = nf.train("moons", {"train.steps": 1, "train.backend": "eager"}, data=(X[:, :2], CLASS))
    assert recipe.run().dataset.labels == ("big", "small")


OF_RUN = {"epochs": 6, "batch": 3, "backend": "eager", "report_every": 1, "seed": 2}


def parts_of(kind):
    make, inputs, targets, parts = OWN[kind]
    return {"model": make(), "data": (inputs, targets), **parts}


@pytest.mark.parametrize("kind", ["recurrent", "twins"])
def test_a_run_of_given_parts_is_resumed_bit_for_bit(kind, tmp_path):
    parts = parts_of(kind)
    inputs, targets = parts.pop("data")
    whole = nf.fit(parts.pop("model"), inputs, targets, **parts, **OF_RUN, folder=tmp_path / "a")
    tree = {"optimizer": "adam", "train": {**OF_RUN}, "loss": "mse"}
    run = nf.Run.start(tree, tmp_path / "b", **parts_of(kind))
    for step in run:
        if step.step == 5:
            break
    text = (tmp_path / "b" / CONFIGURATION).read_text()
    assert 'given = "8 examples"' in text
    assert "test_fit" not in text
    resumed = nf.Run.resume(tmp_path / "b", **parts_of(kind)).run()
    assert resumed.model.state_dict() == whole.model.state_dict()
    assert resumed.predict(inputs) == whole.predict(inputs)
    again = nf.load(tmp_path / "b", model=OWN[kind][0]())
    assert nf.predict(again, inputs) == whole.predict(inputs)


def test_a_run_of_a_given_module_is_shown_keeps_its_best_and_goes_on_to_the_same(tmp_path):
    parts = parts_of("recurrent")
    inputs, targets = parts.pop("data")
    held_out = {"validation": (inputs[:3], targets[:3])}
    keeps = {"keep": "best", "evaluate_every": 2, **OF_RUN, **held_out, "learning_rate": 0.5}
    whole = nf.fit(parts["model"], inputs, targets, **keeps)
    assert "Training of Recurrent on <Dataset" in repr(whole)
    run = Run.begun(prepared(OWN["recurrent"][0](), inputs, targets, **keeps), tmp_path / "run")
    for step in run:
        if step.step == 7:
            break
    Run.resume(tmp_path / "run", **parts_of("recurrent"), **held_out).run()
    best = nf.load(tmp_path / "run", model=OWN["recurrent"][0]())
    assert best.state_dict() == whole.model.state_dict()


@pytest.fixture
def begun(tmp_path):
    nf.Run.start({"optimizer": "sgd", "train": OF_RUN, "loss": "mse"}, tmp_path / "run",
                 **parts_of("recurrent"))  # fmt: skip
    return tmp_path / "run"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"model": None}, "the run was given its model (Recurrent), which no name builds again"),
        ({"model": None, "data": None}, "nf.Run.resume(folder, model=..., data=...)"),
        ({"model": Twins()}, "began with model.given = 'Recurrent' (a text), and was given"),
        ({"data": (OWN["recurrent"][1], np.zeros(8))}, "began with other data: 8 examples of"),
        ({"loss": contrast}, "began with loss.use = 'mse'"),
    ],
)
def test_a_run_of_given_parts_asks_for_the_same_again(begun, change, told):
    parts = {**parts_of("recurrent"), **change}
    with pytest.raises(nf.NeuroflowError) as caught:
        nf.Run.resume(begun, **parts)
    assert told in str(caught.value)
    nf.Run.resume(begun, **parts_of("recurrent"))


@pytest.mark.parametrize("loss", ["mse", {"use": "mse"}, nf.get("loss", "mse")])
def test_a_part_is_the_same_however_it_is_named(begun, loss):
    nf.Run.resume(begun, **parts_of("recurrent"), loss=loss)


def test_a_file_of_a_given_model_says_what_it_needs(begun, tmp_path):
    with pytest.raises(nf.StateError) as caught:
        nf.load(begun)
    assert "holds the numbers of a Recurrent, which no name builds again" in str(caught.value)
    with pytest.raises(nf.StateError, match="and got a Twins"):
        nf.load(begun, model=Twins())
    assert nf.load(begun, model=Recurrent(seed=9)).state_dict() == Recurrent(seed=1).state_dict()
    assert nf.inspect_file(begun).model == {"given": "Recurrent"}


def test_a_given_model_of_registered_parts_needs_nobody(tmp_path):
    def model():
        return nf.build("mlp", sizes=[3, 4, 1], rng=nf.SplitMix32(8))

    run = nf.fit(model(), X, LINE, steps=2, backend="eager", folder=tmp_path / "run")
    assert nf.load(tmp_path / "run").state_dict() == run.model.state_dict() != model().state_dict()
    assert run.training.configuration["model"]["sizes"] == [3, 4, 1]
    tree = {"optimizer": "sgd", "train": {"steps": 1, "backend": "eager"}, "loss": "mse"}
    begun = nf.Run.start(tree, tmp_path / "b", model=model(), data=(X, LINE))
    assert nf.Run.resume(begun.folder, data=(X, LINE)).model.state_dict() == model().state_dict()
