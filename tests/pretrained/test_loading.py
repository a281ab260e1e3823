"""Published models: logits are those of their library; what is not supported is refused by name."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from importlib.util import find_spec

import pytest

import neuroflow as nf
from neuroflow.checkpoint.container import Stored, packed
from neuroflow.export.importing import import_model
from tests.support.published import IDS, MODELS, ROPE
from tests.support.sweeps import tries

np = pytest.importorskip("numpy")


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A folder of models as transformers writes them, each with its logits."""
    for library in ("torch", "transformers"):
        if find_spec(library) is None:
            pytest.skip(f"{library} is not installed")
    folder = tmp_path_factory.mktemp("published")
    command = [sys.executable, "-m", "tests.support.published", str(folder)]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return folder


@pytest.mark.long
@pytest.mark.parametrize("name", MODELS)
def test_logits_are_those_of_transformers_in_float64(name, published):
    expected = json.loads((published / name / "expected.json").read_text())
    ours = nf.load_pretrained(published / name)
    got = [[x.data for x in row] for row in ours(IDS)]
    assert np.abs(np.array(got) - np.array(expected)).max() < 1e-12


# Folders that need nobody's library ----------------------------------------------------------

CONFIG = {
    "model_type": "llama", "vocab_size": 3, "hidden_size": 2, "intermediate_size": 1,
    "num_hidden_layers": 1, "num_attention_heads": 1, "max_position_embeddings": 4,
    "tie_word_embeddings": True,
}  # fmt: skip
SHAPES = {
    "model.embed_tokens.weight": (3, 2), "model.norm.weight": (2,),
    "model.layers.0.input_layernorm.weight": (2,),
    "model.layers.0.post_attention_layernorm.weight": (2,),
    **{f"model.layers.0.self_attn.{part}_proj.weight": (2, 2) for part in "qkvo"},
    "model.layers.0.mlp.gate_proj.weight": (1, 2), "model.layers.0.mlp.up_proj.weight": (1, 2),
    "model.layers.0.mlp.down_proj.weight": (2, 1),
}  # fmt: skip


def stored(shape, dtype="F32", number=0.5):
    kinds = {"F64": "<f8", "F32": "<f4", "F16": "<f2", "I8": "i1"}
    return Stored(shape, np.full(shape, number, kinds[dtype]).tobytes(), dtype)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(CONFIG))
    tensors = {name: stored(shape) for name, shape in SHAPES.items()}
    (tmp_path / "model.safetensors").write_bytes(packed({}, tensors))
    return tmp_path


def retold(folder, **changes):
    (folder / "config.json").write_text(json.dumps({**CONFIG, **changes}))


def retold_tensors(folder, changes):
    tensors = {name: stored(shape) for name, shape in SHAPES.items()} | changes
    kept = {name: tensor for name, tensor in tensors.items() if tensor is not None}
    (folder / "model.safetensors").write_bytes(packed({}, kept))


def test_an_import_is_saved_as_any_other_model(folder):
    import_model(folder, "transformers", folder / "out" / "small.safetensors")
    saved, loaded = nf.load(folder / "out" / "small.safetensors"), nf.load_pretrained(folder)
    assert saved.state_dict() == loaded.state_dict()
    assert not loaded.training
    assert {*loaded.state_dict().values()} == {0.5}


def test_a_file_of_the_folder_stands_for_it(folder):
    of_file = nf.load_pretrained(folder / "model.safetensors")
    assert of_file.state_dict() == nf.load_pretrained(folder).state_dict()


def test_several_files_are_read_by_their_index(folder):
    expected = nf.load_pretrained(folder).state_dict()
    (folder / "model.safetensors").unlink()
    names = [*SHAPES]
    parts = {"a.safetensors": names[:4], "b.safetensors": names[4:]}
    for file, held in parts.items():
        (folder / file).write_bytes(packed({}, {name: stored(SHAPES[name]) for name in held}))
    places = {name: file for file, held in parts.items() for name in held}
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": places}))
    assert nf.load_pretrained(folder).state_dict() == expected
    index.write_text(json.dumps({"weight_map": {**places, names[0]: "../b.safetensors"}}))
    with pytest.raises(nf.StateError, match="no weight_map of names of files in its folder"):
        nf.load_pretrained(folder)
    index.write_text(json.dumps({"weight_map": {**places, "more": "b.safetensors"}}))
    with pytest.raises(nf.StateError, match="without the tensor 'more'"):
        nf.load_pretrained(folder)
    index.write_text(json.dumps({"weight_map": {**places, names[0]: "b.safetensors"}}))
    with pytest.raises(nf.StateError, match=r"a.safetensors holds the tensor 'model.embed"):
        nf.load_pretrained(folder)


def test_names_may_be_bare_and_buffers_of_older_files_are_passed_over(folder):
    expected = nf.load_pretrained(folder).state_dict()
    bare = {name.removeprefix("model."): stored(shape) for name, shape in SHAPES.items()}
    bare["layers.0.self_attn.rotary_emb.inv_freq"] = stored((1,))
    (folder / "model.safetensors").write_bytes(packed({}, bare))
    assert nf.load_pretrained(folder).state_dict() == expected


CONFIGURED = [
    ({"rope_scaling": {"type": "linear", "factor": 2.0}}, {"rotary_stretch": 2.0}),
    ({"rope_theta": 500000.0}, {"rotary_base": 500000.0}),
    ({"head_dim": None, "hidden_act": "gelu_pytorch_tanh"}, {"activation": "gelu_tanh"}),
    ({"attention_dropout": 0.1, "bos_token_id": 1}, {"dropout": 0.0}),
]  # fmt: skip


@pytest.mark.parametrize(("said", "meant"), CONFIGURED, ids=str)
def test_keys_mean_what_they_mean_to_their_library(folder, said, meant):
    retold(folder, **said)
    settings = nf.load_pretrained(folder).configuration()
    assert {name: settings[name] for name in meant} == meant


WRONG_KEYS = [
    ({"model_type": "mamba"}, r"model_type = 'mamba' .*; expected one of llama, mistral, qwen2"),
    ({"logit_scale": 2.0}, r"logit_scale = 2.0, which is not supported"),
    ({"rope_scaling": {"rope_type": "yarn", "factor": 2.0}}, r"rope_type = 'yarn' .*; expected"),
    ({"rope_scaling": {"rope_type": "linear"}}, r"factor = None; expected a number"),
    ({"rope_scaling": [1]}, r"rope_scaling.*expected a table|expected a table"),
    ({"hidden_act": "quick_gelu"}, r"hidden_act = 'quick_gelu' .*; expected one of gelu"),
    ({"hidden_size": "2"}, r"hidden_size = '2' .*; expected a whole number"),
    ({"hidden_size": -2}, r"hidden_size = -2"), ({"vocab_size": True}, r"vocab_size = true"),
    ({"num_hidden_layers": 10**9}, r"another architecture|of memory"),
    ({"hidden_size": 10**30}, r"another architecture|of memory|hidden_size"),
    ({"num_attention_heads": 3}, r"each must divide|n_head"),
    ({"attention_bias": True}, r"missing: model.layers.0.self_attn.q_proj.bias"),
    ({"num_hidden_layers": 2}, r"missing: model.layers.1"), ({"vocab_size": 4}, r"has the shape"),
    ({"quantization_config": {"bits": 4}}, r"quantization_config"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "message"), WRONG_KEYS, ids=str)
def test_what_is_not_supported_is_named_by_its_key(folder, changes, message):
    retold(folder, **changes)
    with pytest.raises(nf.NeuroflowError, match=message):
        nf.load_pretrained(folder)


EMBED, GATE = "model.embed_tokens.weight", "model.layers.0.mlp.gate_proj.weight"
WRONG_TENSORS = [
    ({GATE: None}, rf"missing: {GATE}; not supported: none"),
    ({"model.extra": stored((1,))}, r"missing: none; not supported: model.extra"),
    ({GATE: stored((2, 1))}, rf"{GATE} has the shape \(2, 1\); expected \(1, 2\)"),
    ({GATE: stored((1, 2), "I8", 1)}, rf"{GATE} has numbers of the kind 'I8'"),
    ({GATE: stored((1, 2), "F32", np.nan)}, rf"{GATE} holds numbers that are not finite"),
    ({GATE: Stored((1, 2), bytes(2), "F8_E4M3")}, r"kind 'F8_E4M3'"),
    ({"lm_head.weight": stored((3, 2), "F32", 1.0)}, r"lm_head.weight differs from model.embed"),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "message"), WRONG_TENSORS, ids=lambda x: str(x)[:40])
def test_what_does_not_fit_is_named_by_its_tensor(folder, changes, message):
    retold_tensors(folder, changes)
    with pytest.raises(nf.StateError, match=message):
        nf.load_pretrained(folder)


def test_a_head_that_is_tied_may_be_stored_all_the_same(folder):
    retold_tensors(folder, {"lm_head.weight": stored((3, 2))})
    assert nf.load_pretrained(folder).head is None


def test_pickle_is_never_read(folder):
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(nf.FileError, match=r"pytorch_model.bin is pickle.*never run"):
        nf.load_pretrained(folder)
    (folder / "pytorch_model.bin").unlink()
    with pytest.raises(nf.FileError, match=r"there is no model.safetensors"):
        nf.load_pretrained(folder)
    with pytest.raises(nf.FileError, match="there is no"):
        nf.load_pretrained(folder / "nowhere")


ANYTHING = (None, True, -1, 0, 10**12, 10**400, 1e308, 0.5, "", "x", [], [1], {}, {"a": 1}, [[]])


@pytest.mark.sweep
def test_damaged_and_hostile_folders_are_refused_in_words_or_read(folder, figures):
    rng, whole = random.Random(1), (folder / "model.safetensors").read_bytes()
    told = 0
    count = tries(60, full=3000)
    for k in range(count):
        config, content = {**CONFIG, "rope_parameters": {**ROPE}, "head_dim": 2}, bytearray(whole)
        if k % 2:
            table = rng.choice([config, config["rope_parameters"]])
            table[rng.choice([*table])] = rng.choice(ANYTHING)
        else:
            for _ in range(rng.randint(1, 3)):
                content[rng.randrange(len(content) - 1)] = rng.randrange(256)
            content = content[: rng.choice([len(content), rng.randrange(len(content))])]
        (folder / "config.json").write_text(json.dumps(config))
        (folder / "model.safetensors").write_bytes(bytes(content))
        try:
            assert nf.load_pretrained(folder)
        except nf.NeuroflowError:
            told += 1
    assert told > count // 4
    figures(tried=count, told=told, faults=0)
