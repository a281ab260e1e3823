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
    model = nf.build("sequential", layers=[table]).add(nf.build(table))
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


def test_a_function_of_lists_may_be_given_as_itself():
    layer = nf.build("layer", inputs=1, outputs=3, activation=nf.resolve("activation", "softmax"))
    assert sum(p.data for p in layer([2.0])) == pytest.approx(1.0, rel=1e-15)


def hand_made():
    """A network whose numbers are given; the neurons of a layer have their own activations."""
    neuron = nf.layers.Neuron
    first = nf.layers.Layer(
        neurons=[
            neuron(weights=[0.5, -1.0], bias=0.25, activation="relu"),
            neuron(weights=[nf.Value(1.0), 2], activation={"use": "leaky_relu", "slope": 0.1}),
            neuron(weights=[-1.0, 1.0], bias=False),
        ]
    )
    last = nf.layers.Layer(neurons=[neuron(weights=[1.0, 2.0, 3.0], bias=-1)], activation="tanh")
    return nf.layers.Sequential(layers=[first]).add(last)


def test_given_weights_and_biases_are_those_of_the_sum():
    model = hand_made()
    hidden = model.layers[0]([2.0, -1.0])
    assert [h.data for h in hidden] == [2.25, 0.0, -3.0]
    assert model.layers[0]([0.0, -1.0])[1].data == -0.2
    assert model([2.0, -1.0]).data == pytest.approx(nf.tanh(2.25 - 9.0 - 1.0), rel=1e-15)
    assert len(model.parameters()) == 3 + 3 + 2 + 4
    shared = nf.Value(1.0)
    assert nf.layers.Neuron(weights=[shared, shared], bias=shared).parameters() == [shared]


def test_a_model_of_given_numbers_is_saved_and_described_like_any_other(tmp_path):
    model = hand_made()
    nf.save(model, tmp_path / "model.safetensors")
    loaded = nf.load(tmp_path / "model.safetensors")
    assert loaded.state_dict() == model.state_dict()
    assert loaded([2.0, -1.0]).data == model([2.0, -1.0]).data
    uniform = nf.layers.Layer(neurons=[nf.layers.Neuron(weights=[1.0, 2.0])])
    assert uniform.configuration() == {
        "inputs": 2, "outputs": 1, "activation": "linear", "bias": True, "initializer": "uniform",
    }  # fmt: skip


@pytest.mark.parametrize("backend", ["numpy", "llvm"])
def test_neurons_with_activations_of_their_own_compile(backend):
    model = hand_made()
    compiled = nf.compile(model, backend=backend)
    for xs in ([2.0, -1.0], [-0.5, 0.25]):
        assert compiled.value(xs) == pytest.approx(model(xs).data, rel=1e-14)


def test_neurons_with_activations_of_their_own_run_on_tensors():
    torch = pytest.importorskip("torch")
    model = hand_made()
    rows = [[2.0, -1.0], [-0.5, 0.25]]
    answers = nf.to_torch(model)(torch.tensor(rows, dtype=torch.float64))
    assert answers.tolist() == pytest.approx([model(xs).data for xs in rows], rel=1e-14)


def test_given_numbers_may_stand_in_a_table():
    neuron = {"use": "neuron", "weights": [1, -1], "bias": 2, "activation": "relu"}
    layer = nf.build({"use": "layer", "neurons": [neuron, {**neuron, "bias": False}]})
    assert [x.data for x in layer([3.0, 1.0])] == [4.0, 2.0]


@pytest.mark.parametrize(("make", "what"), [
    (lambda of: of.Neuron(inputs=2), "a neuron draws its weights, but got no rng; expected"),
    (lambda of: of.Neuron(rng=nf.SplitMix32(0)), "but got no inputs; expected"),
    (lambda of: of.Layer(inputs=2, rng=nf.SplitMix32(0)), "a layer draws .* got no outputs"),
    (lambda of: of.Neuron(weights=[]), r"got weights = \[\]; expected"),
    (lambda of: of.Neuron(weights=[1.0, "2"]), "got weights = .*; expected a list of numbers"),
    (lambda of: of.Neuron(weights=[1.0], inputs=2), "got inputs = 2, and weights for 1; leave"),
    (lambda of: of.Neuron(weights=[1.0], bias="no"), "got bias = 'no'"),
    (lambda of: of.Layer(neurons=[]), r"a layer got neurons of \[\] inputs; expected neurons"),
    (lambda of: of.Layer(neurons=[of.Sequential()]), "a layer got a Sequential; expected neurons"),
    (lambda of: of.Layer(neurons=[of.Neuron(weights=[1.0] * k) for k in (1, 2)]), r"\[1, 2\]"),
    (lambda of: of.Layer(neurons=[of.Neuron(weights=[1.0])], outputs=2), "got outputs = 2, and"),
])  # fmt: skip
def test_what_gives_no_neuron_and_no_layer_is_told(make, what):
    with pytest.raises(nf.InputError, match=what):
        make(nf.layers)


def test_a_table_without_sizes_and_numbers_is_told_what_is_missing():
    with pytest.raises(nf.ConfigurationError) as caught:
        nf.build({"use": "layer", "neurons": [{"use": "neuron"}]})
    assert [problem.path for problem in caught.value.problems] == ["layer.neurons.0.inputs"]


def test_a_layer_or_a_tree_is_added():
    table = {"use": "layer", "inputs": 2, "outputs": 2}
    model = nf.layers.Sequential(rng=nf.SplitMix32(5)).add(table).add("dropout").add(table)
    whole = nf.build("sequential", layers=[table, "dropout", table], rng=nf.SplitMix32(5))
    assert model.state_dict() == whole.state_dict()
    first, _, last = nf.layers.Sequential(layers=[table]).add("dropout").add(table).layers
    assert first.state_dict() != last.state_dict()


@pytest.mark.parametrize("wrong", [3, None, nf.Value(1.0), [1.0]])
def test_what_is_no_layer_is_refused_when_it_is_added(wrong):
    model = nf.layers.Sequential()
    with pytest.raises(nf.InputError, match=r"got .* for a layer; expected a layer, or a table"):
        model.add(wrong)
    with pytest.raises(nf.ConfigurationError, match="unknown layer 'leyer'; did you mean 'layer'"):
        model.add("leyer")
    assert model.layers == []


def test_weights_come_with_their_gradients():
    model = hand_made()
    model([2.0, -1.0]).backward()
    told = model.weights()
    assert told[0][0]["weights"][1] == {
        "data": -1.0,
        "grad": model.layers[0].neurons[0].weights[1].grad,
    }
    assert told[0][0]["bias"]["data"] == 0.25
    assert "bias" not in told[0][2]
    assert len(told[1][0]["weights"]) == 3
    mixed = nf.layers.Sequential(layers=["dropout", {"use": "linear", "inputs": 1, "outputs": 2}])
    assert mixed.weights()[0] == {}
    assert list(mixed.weights()[1]) == ["weights"]
    assert len(nf.build("mlp", sizes=[2, 3, 1]).weights()[0]) == 3


def test_a_layer_reads_as_what_it_computes():
    model = hand_made()
    assert str(model) == (
        "Sequential of 2 layers, 12 parameters:\n"
        "  Layer of 3 neurons, 2 -> 3, relu, leaky_relu\n"
        "  Layer of 1 neuron, 3 -> 1, tanh"
    )
    assert str(model.layers[0]) == (
        "Layer of 3 neurons, 2 -> 3, relu, leaky_relu:\n"
        "  relu(0.5 x0 - 1 x1 + 0.25)\n"
        "  leaky_relu(1 x0 + 2 x1 + 0)\n"
        "  -1 x0 + 1 x1"
    )
    assert str(model.layers[0].neurons[0]) == "Neuron: relu(0.5 x0 - 1 x1 + 0.25)"
    assert str(nf.layers.Sequential()) == "Sequential of 0 layers, 0 parameters"


def test_other_spellings_of_the_original_chain():
    x = nf.Value(-2.0)
    assert x.leakyRelu().data == x.leaky_relu().data == -0.02
    assert nf.ops.leakyRelu is nf.ops.leaky_relu
    assert "leakyRelu" not in dir(x)
    shares = nf.Value.softmax([x, x.relu()])
    assert sum(share.data for share in shares) == pytest.approx(1.0, rel=1e-15)
    assert nf.Value.softmax([0.0, 0.0]) == [0.5, 0.5]
    with pytest.raises(nf.InputError, match="softmax takes a list of at least one number"):
        nf.Value.softmax(3.0)
