"""Any network of names with right shapes works in every way; one wrong shape is refused at once."""

from __future__ import annotations

import copy
import random
import warnings

import pytest

import neuroflow as nf
from neuroflow.checks.layers.trials import flat
from neuroflow.config import Shape, check_part, shapes_of, shown_shape
from tests.support.random_networks import TAKES, Networks, layers_in
from tests.support.sweeps import tries

SGD = nf.get("optimizer", "sgd").load()


def squares(model, x, y):
    """A loss that takes any answer."""
    return nf.sum([(out - y) * (out - y) for out in flat(model(x))])


def stepped(tree, inputs, backend, seed):
    """The parameters of a network after one step of training, and itself."""
    model = nf.build(tree, rng=nf.SplitMix32(seed))
    if model.parameters():
        examples = [(inputs, 0.5), (inputs, -0.25)]
        runner = nf.make_runner(model.train(), squares, examples, SGD, backend=backend)
        runner.run([[0, 1]], [0.01])
    return [p.data for p in model.parameters()], model


def plain(answer):
    """The numbers of an answer."""
    return [x.data if isinstance(x, nf.Value) else x for x in flat(answer)]


def draw_picture(model):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return nf.draw(model, title="a network").text


def backends_for(k):
    """The fast ones for each network, the slow ones for some; what is not installed for none."""
    some = {"numpy": 1, "llvm": 1, "portable": 20, "torch": 40}
    there = [name for name in some if nf.get("backend", name).obstacle() == ""]
    return [name for name in there if k % some[name] == 0]


@pytest.mark.sweep
def test_random_networks_of_all_names_work_in_every_way(tmp_path, figures):
    draw, wanted = Networks(random.Random(5)), tries(12, full=2_000)
    compared = 0
    for k in range(wanted):
        tree, inputs = draw.network()
        numbers, model = stepped(tree, inputs, "eager", k)
        given = model.eval()(copy.deepcopy(inputs))
        rows, misfits = shapes_of(model, Shape.of(inputs))
        assert not misfits
        assert shown_shape(rows[0].gives) == shown_shape(Shape.of(given)), tree
        for backend in backends_for(k):
            other, _ = stepped(tree, inputs, backend, k)
            assert other == pytest.approx(numbers, rel=1e-12, abs=1e-12), (tree, backend)
            compared += 1
        if wanted > 100 and k % 4:
            continue  # saving takes much of the time
        assert all(answer == plain(given) for answer in answers_again(model, inputs, tmp_path)), (
            tree
        )
        assert draw_picture(model)
    figures(tried=wanted, faults=0, compared=compared)
    if wanted > 100:
        assert not {*nf.names("layer")} - draw.used - {"branches"}


def answers_again(model, inputs, folder):
    """What the model says that is loaded from a file, and the one that is built as described."""
    nf.save(model, folder / "model.safetensors")
    for again in (nf.load(folder / "model.safetensors"), nf.build(nf.describe(model))):
        again.load_state_dict(model.state_dict())
        yield plain(again.eval()(copy.deepcopy(inputs)))


@pytest.mark.sweep
def test_one_wrong_shape_is_refused_by_its_place_before_anything_is_built(figures, monkeypatch):
    draw, rng, refused = Networks(random.Random(6)), random.Random(7), 0
    wanted = tries(50, full=2_000)
    monkeypatch.setattr("neuroflow.config.building.build_model", pytest.fail)
    while refused < wanted:
        tree, inputs = draw.network()
        checked = check_part("layer", tree)
        places = [
            (path, table)
            for path, table in layers_in(checked)
            if TAKES.get(table["use"]) in table  # "linear" is an activation too
        ]
        if not places:
            continue
        path, table = rng.choice(places)
        table[TAKES[table["use"]]] += rng.choice([1, 2])
        _, misfits = shapes_of(checked, Shape.of(inputs))
        told = "; ".join(map(str, misfits))
        assert f"{path} ({table['use']}) takes" in told, (checked, told)
        assert " gives " in told or ", but got" in told
        refused += 1
    figures(tried=refused, faults=0)
