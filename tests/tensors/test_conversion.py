"""A model and its module of PyTorch answer alike, and have the same gradients."""

import copy
import pickle
import shutil
import subprocess
import sys

import pytest

import neuroflow as nf
from neuroflow.checks.layers.trials import trial_of
from neuroflow.core.random import SplitMix32
from neuroflow.registry.manager import manager
from tests.support.sweeps import tries
from tests.support.tensors import distance

torch = pytest.importorskip("torch", reason="PyTorch is not installed")

TOLERANCE = 1e-9
LAYERS = [entry for entry in manager().registry.entries("layer") if not entry.credit]


def small_gpt(use="gpt", **settings):
    small = {"vocab_size": 7, "n_layer": 2, "n_embd": 8, "n_head": 4, "block_size": 6}
    drawn = {"initializer": {"use": "normal", "std": 0.3}, "rng": nf.SplitMix32(1)}
    return nf.build(use, **{**small, **drawn, **settings})


FROM_PLAN = ("branches", "flatten", "reshape")
"""Layers that cannot see on a tensor which of its axes are examples, or that take several."""


@pytest.mark.parametrize("entry", LAYERS, ids=lambda entry: entry.name)
def test_every_bundled_layer_has_a_tensor_form_that_agrees(entry):
    assert bool(entry.tensors) != (entry.name in FROM_PLAN), f"{entry.name} has no tensor form"
    trial = trial_of(entry, entry.load())
    apart, largest = distance(torch, trial.build(3), *trial.inputs)
    assert apart < TOLERANCE
    assert largest > 0.0 or not trial.build().parameters()


@pytest.mark.parametrize(
    "settings",
    [
        {"positions": "rotary", "norm": "layer_norm", "order": "post", "bias": True, "gated": True},
        {"positions": "alibi", "norm": "none", "tied": True, "key_value_heads": 2},
        {"positions": "sinusoidal", "embedding_norm": True, "final_norm": True, "norm_gain": False},
        {"positions": "none", "activation": {"use": "leaky_relu", "slope": 0.3}},
        {"use": "encoder", "positions": "alibi", "activation": "softmax"},
        {"use": "encoder_decoder", "source_length": 2},
    ],
    ids=lambda settings: next(iter(settings.values())),
)
def test_every_kind_of_transformer_agrees(settings):
    apart, largest = distance(torch, small_gpt(**settings), [1, 5, 3, 0])
    assert apart < TOLERANCE < largest


@pytest.mark.parametrize("activation", nf.names("activation"))
def test_every_activation_agrees(activation):
    model = nf.build("mlp", sizes=[3, 4, 2], activation=activation, rng=nf.SplitMix32(5))
    apart, largest = distance(torch, model, [0.5, -0.3, 1.0])
    assert apart < TOLERANCE < largest


def random_tree(rng):
    """A sequential of random layers, or a random transformer, and what it takes."""
    activation = rng.choice(nf.names("activation"))
    if rng.random() < 0.4:
        heads = rng.choice([1, 2, 4])
        settings = {
            "use": rng.choice(["gpt", "encoder"]), "n_layer": 1, "n_head": heads,
            "key_value_heads": rng.choice([0, 1]), "tied": rng.random() < 0.5,
            "positions": rng.choice(["learned", "sinusoidal", "rotary", "alibi", "none"]),
            "norm": rng.choice(["layer_norm", "rms_norm", "none"]),
            "order": rng.choice(["pre", "post"]), "gated": rng.random() < 0.5,
            "bias": rng.random() < 0.5, "final_norm": rng.random() < 0.5, "activation": activation,
            "rng": rng,
        }  # fmt: skip
        return small_gpt(**settings), [rng.randrange(7) for _ in range(rng.randint(1, 5))]
    width = inputs = rng.randint(1, 4)
    layers = []
    for _ in range(rng.randint(1, 4)):
        kind = rng.choice(["layer", "linear", "layer_norm", "rms_norm", "mlp", "neuron"])
        if kind in ("layer_norm", "rms_norm"):
            layers.append({"use": kind, "size": width})
        elif kind == "linear":
            layers.append({"use": kind, "inputs": width, "outputs": (width := rng.randint(1, 4))})
        elif kind == "mlp":
            sizes = [width, rng.randint(1, 4), (width := rng.randint(1, 4))]
            layers.append({"use": kind, "sizes": sizes, "activation": activation})
        else:
            outputs = {"outputs": rng.randint(1, 4)} if kind == "layer" else {}
            layers.append({"use": kind, "inputs": width, "activation": activation, **outputs})
            width = outputs.get("outputs", 1)
    model = nf.build("sequential", layers=layers, rng=rng)
    return model, [rng.uniform(-2.0, 2.0) for _ in range(inputs)]


@pytest.mark.sweep
def test_random_trees_agree(figures):
    tried, worst = tries(8, full=200), 0.0
    for seed in range(tried):
        model, x = random_tree(SplitMix32(seed))
        apart, largest = distance(torch, model, x)
        assert apart < TOLERANCE * max(1.0, largest), (seed, model)
        worst = max(worst, apart / max(1.0, largest))
    figures(tried=tried, faults=0, worst=worst)


def test_names_are_those_that_people_expect():
    mlp = nf.to_torch(nf.build("mlp", sizes=[2, 3, 1], rng=nf.SplitMix32(0)))
    shapes = {name: tuple(x.shape) for name, x in mlp.state_dict().items()}
    assert shapes == {
        "layers.0.weight": (3, 2), "layers.0.bias": (3,),
        "layers.1.weight": (1, 3), "layers.1.bias": (1,),
    }  # fmt: skip
    gpt = nf.to_torch(small_gpt(n_layer=1, norm="layer_norm", final_norm=True, bias=True))
    assert set(gpt.state_dict()) == {
        "transformer.wte.weight", "transformer.wpe.weight",
        "transformer.h.0.ln_1.weight", "transformer.h.0.ln_1.bias",
        "transformer.h.0.attn.c_attn.weight", "transformer.h.0.attn.c_attn.bias",
        "transformer.h.0.attn.c_proj.weight", "transformer.h.0.attn.c_proj.bias",
        "transformer.h.0.ln_2.weight", "transformer.h.0.ln_2.bias",
        "transformer.h.0.mlp.c_fc.weight", "transformer.h.0.mlp.c_fc.bias",
        "transformer.h.0.mlp.c_proj.weight", "transformer.h.0.mlp.c_proj.bias",
        "transformer.ln_f.weight", "transformer.ln_f.bias", "lm_head.weight",
    }  # fmt: skip


def test_tied_weights_are_one_parameter():
    module = nf.to_torch(small_gpt(tied=True))
    assert module.lm_head.weight is module.transformer.wte.weight


def test_any_axes_in_front_are_examples():
    mlp = nf.to_torch(nf.build("mlp", sizes=[2, 3, 4], rng=nf.SplitMix32(0)))
    gpt = nf.to_torch(small_gpt())
    assert mlp(torch.ones(5, 6, 2, dtype=torch.float64)).shape == (5, 6, 4)
    assert gpt(torch.ones(5, 6, 3, dtype=torch.int64)).shape == (5, 6, 3, 7)
    assert mlp(torch.ones(2, dtype=torch.float64)).shape == (4,)


def test_numbers_come_back_all_of_them_or_none():
    model, other = (nf.build("mlp", sizes=[2, 3, 1], rng=nf.SplitMix32(k)) for k in (1, 2))
    nf.from_torch(nf.to_torch(model), other)
    assert other.state_dict() == model.state_dict()
    state = nf.to_torch(model).state_dict()
    del state["layers.1.bias"]
    with pytest.raises(nf.StateError, match=r"missing: layers\.1\.bias; unknown: none"):
        nf.from_torch(state, other)
    with pytest.raises(nf.StateError, match=r"layers\.0\.weight has the shape"):
        nf.from_torch(nf.to_torch(nf.build("mlp", sizes=[2, 4, 1])), other)
    assert other.state_dict() == model.state_dict()


def test_training_mode_and_dropout_follow_the_module():
    model = nf.build("mlp", sizes=[2, 64, 1], dropout=0.5, rng=nf.SplitMix32(0)).train()
    module = nf.to_torch(model)
    x = torch.ones(2, dtype=torch.float64)
    assert module.training
    with torch.random.fork_rng():
        assert len({module(x).item() for _ in range(5)}) > 1
    expected = model.eval()([1.0, 1.0]).data
    assert [module.eval()(x).item() for _ in range(5)] == pytest.approx([expected] * 5, rel=1e-12)


def test_other_precisions_are_taken():
    module = nf.to_torch(small_gpt(), dtype=torch.float32)
    assert {x.dtype for x in module.parameters()} == {torch.float32}
    assert module(torch.tensor([1, 2])).dtype == torch.float32


@pytest.mark.parametrize("activation", ["gelu", "softmax"])
def test_modules_are_copied_and_pickled(activation):
    model = nf.build("mlp", sizes=[2, 3, 2], activation=activation, rng=nf.SplitMix32(0))
    module, x = nf.to_torch(model), torch.ones(2, dtype=torch.float64)
    expected = module(x)
    for again in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert torch.equal(again(x), expected)


COMPILED = """
import torch, neuroflow as nf
gpt = nf.build("gpt", vocab_size=7, n_embd=8, n_head=4, block_size=6, positions="rotary")
mlp = nf.build("mlp", sizes=[4, 3, 2], activation="gelu", output_activation="softmax")
for model, x in ((gpt, torch.tensor([[1, 5, 3, 0]] * 3)), (mlp, torch.ones(3, 4).double())):
    module = nf.to_torch(model)
    expected = module(x)
    auto = torch.export.Dim.AUTO
    exported = torch.export.export(module, (x,), dynamic_shapes=(({0: auto},),))
    assert (exported.module()(x[:2]) - module(x[:2])).abs().max() < 1e-12
    got = torch.compile(module, fullgraph=True)(x)
    got.sum().backward()
    assert (got - expected).abs().max() < 1e-12
"""


@pytest.mark.sweep
def test_modules_are_compiled_and_exported(figures):
    if not tries(0, full=1):
        pytest.skip("torch.compile takes ten seconds: run with the sweeps")
    if not any(map(shutil.which, ("c++", "g++", "clang++"))):
        pytest.skip("torch.compile needs a C++ compiler")
    done = subprocess.run([sys.executable, "-c", COMPILED], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    figures(tried=2, faults=0)
