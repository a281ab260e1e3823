"""Layers: order of weights, shapes, names, dropout, and the errors that name a layer."""

import pytest

import neuroflow as nf


def test_weights_are_drawn_neuron_by_neuron_and_biases_start_at_zero():
    rng = nf.SplitMix32(0)
    drawn = [rng.random() * 2 - 1 for _ in range(6)]
    layer = nf.build("layer", inputs=2, outputs=3, rng=nf.SplitMix32(0))
    assert [w.data for neuron in layer.neurons for w in neuron.weights] == drawn
    assert [neuron.bias.data for neuron in layer.neurons] == [0.0] * 3


def test_parameters_have_dotted_names():
    names = [name for name, _ in nf.build("mlp", sizes=[2, 1, 1]).named_parameters()]
    assert names[:3] == [
        "layers.0.neurons.0.weights.0",
        "layers.0.neurons.0.weights.1",
        "layers.0.neurons.0.bias",
    ]


def test_layer_of_one_neuron_gives_a_bare_value_made_of_one_dot_node():
    y = nf.build("layer", inputs=3, outputs=1, activation="relu")([1.0, 2.0, 3.0])
    assert y.op.name == "relu"
    assert y.inputs[0].op.name == "add"
    assert [x.op.name for x in y.inputs[0].inputs if x.op] == ["dot"]


def test_activation_with_a_setting_and_softmax_over_a_layer():
    model = nf.build(
        "mlp", sizes=[2, 3], output_activation="softmax", activation={"use": "elu", "alpha": 0.5}
    )
    assert sum(p.data for p in model([1.0, -1.0])) == pytest.approx(1.0, rel=1e-15)


def test_activation_may_be_a_function_itself():
    assert nf.build("layer", inputs=1, outputs=1, activation=abs)([2.0]).op.name == "abs"


def test_unknown_activation_is_refused_when_the_layer_is_built():
    with pytest.raises(nf.ConfigurationError, match="unknown activation 'tahn'; did you mean"):
        nf.build("layer", inputs=1, outputs=1, activation="tahn")


def test_wrong_number_of_inputs_names_the_layer():
    table = {"use": "layer", "inputs": 2, "outputs": 3}
    model = nf.build("sequential", layers=[table, table])
    with pytest.raises(
        nf.InputError, match=r"a layer of 3 neuron\(s\) \(layers.1\) takes 2 inputs, but got 3"
    ):
        model([1.0, 2.0])
    with pytest.raises(nf.InputError, match="the mlp takes 2 inputs, but got 1"):
        nf.build("mlp", sizes=[2, 1])([1.0])
    with pytest.raises(nf.InputError, match="a Value holds one real number, but got 'a'"):
        nf.build("mlp", sizes=[2, 1])(["a", 1.0])
    with pytest.raises(
        nf.ConfigurationError, match=r"layer\.inputs: got 0; expected a whole number at least 1"
    ):
        nf.build("layer", inputs=0, outputs=1)
    with pytest.raises(nf.InputError, match="Layer got inputs = 0; expected a whole number at lea"):
        nf.get("layer", "layer").load()(inputs=0, outputs=1, rng=nf.SplitMix32(0))


def test_losses_of_classes_refuse_what_is_no_class():
    cross_entropy = nf.get("loss", "cross_entropy").load()
    with pytest.raises(nf.InputError, match=r"got the target 1.0; expected the number of the"):
        cross_entropy([1.0, 2.0], 1.0)
    with pytest.raises(nf.InputError, match="cross_entropy takes a list of at least one number"):
        cross_entropy(1.0, 0)
    with pytest.raises(nf.InputError, match="take got index 2; expected 0 to 1"):
        cross_entropy([1.0, 2.0], 2)


def test_classes_by_number_and_one_hot_agree():
    loss = nf.get("loss", "cross_entropy_from_probabilities").load()
    assert loss([0.25, 0.75], 1) == loss([0.25, 0.75], [0, 1])


def test_dropout_drops_in_training_only_and_repeats_from_a_seed():
    first, second = (nf.build("dropout", rate=0.5, rng=nf.SplitMix32(3)) for _ in range(2))
    assert first([1.0] * 20) == second([1.0] * 20)
    assert set(first([1.0] * 50)) == {0.0, 2.0}
    assert first.eval()([1.0, 2.0]) == [1.0, 2.0]
    with pytest.raises(nf.ConfigurationError, match=r"layer\.rate: got 1\.0; expected a number at"):
        nf.build("dropout", rate=1.0)
