"""What each neuron computes is what the model's own neurons say, and pictures come often."""

import base64
import time

import pytest

import neuroflow as nf
from neuroflow.core.module import evaluating
from neuroflow.core.value import Value
from neuroflow.live.floats import on_floats
from neuroflow.live.inside import Inside, packed
from neuroflow.live.tab import Tab


@pytest.mark.parametrize(
    "changes",
    [{}, {"model.activation": "tanh"}, {"data.standardize": True}, {"model.activation": "gelu"}],
)
def test_maps_are_what_the_neurons_of_the_model_say(changes):
    run = nf.train("moons", {"train.steps": 3, "model.sizes": [2, 5, 4, 1], **changes}).run()
    inside, rows = Inside(run), run.dataset.inputs[:7]
    assert inside.is_known
    answers, neurons = inside.numbers(rows)
    assert answers == pytest.approx(run.answers(rows), rel=1e-12)
    with evaluating():
        for row, *said in zip(rows, *neurons, strict=True):
            xs, expected = [Value(x) for x in row], []
            for layer in run.model.layers:
                xs = layer(xs)
                xs = xs if isinstance(xs, list) else [xs]
                expected += [x.data for x in xs]
            assert said == pytest.approx(expected, rel=1e-12)
    assert inside.paths[0] == "layers.0.neurons.0"
    assert len(inside.paths) == len(neurons) == 10


def test_a_model_that_is_no_row_of_layers_has_no_maps():
    run = nf.train("microgpt")
    assert not Inside(run).is_known


def test_the_picture_has_a_map_of_every_neuron_that_is_drawn(ask):
    tab = Tab("classification")
    still = ask(tab, do="open")["setup"]["picture"]
    picture = ask(tab, do="step")["state"]["picture"]
    assert list(picture["neurons"])[-1] == "layers.2.neurons.0"
    assert len(picture["neurons"]) == 33
    most, levels = picture["neurons"]["layers.2.neurons.0"]
    told = [most * (level - 127) / 127 for level in base64.b64decode(levels)]
    corners = [
        k + j * still["grid"] for j in (0, still["grid"] - 1) for k in (0, still["grid"] - 1)
    ]
    ends = [k + j * still["coarse"] for j in (0, 13) for k in (0, 13)]
    assert [told[k] for k in ends] == pytest.approx(
        [picture["background"][k] for k in corners], abs=most / 250
    )
    tab = Tab("function")
    ask(tab, do="open")
    curve = ask(tab, do="step")["state"]["picture"]
    assert len(base64.b64decode(curve["neurons"]["layers.0.neurons.0"][1])) == 121


def test_ops_that_python_has_no_sign_for_are_called():
    x, y = Value(0.5), Value(2.0)
    outputs = [nf.exp(x) / y - -x, nf.maximum(x, y) ** 2, nf.dot([x, y], [y, y]), x]
    run = on_floats(outputs, [x, y], [])
    assert run([], [[0.5, 2.0]]) == [pytest.approx([v.data for v in outputs], rel=1e-12)]


def test_numbers_are_packed_as_bytes():
    assert packed([0.0, 0.0]) == [0.0, "f38="]
    most, levels = packed([float("nan"), -4.0, 4.0, 1.0])
    assert (most, list(base64.b64decode(levels))) == (4.0, [255, 0, 254, 159])


def test_a_picture_of_the_plane_takes_few_milliseconds_without_numpy_too():
    run = nf.train("moons", {"train.backend": "eager"})
    tab = Tab("classification", run.configuration)
    picture = tab._painter.picture
    picture.still()
    picture.now()
    start = time.process_time()
    for _ in range(3):
        picture.now()
    assert (time.process_time() - start) / 3 < 0.1  # 0.3 s before
