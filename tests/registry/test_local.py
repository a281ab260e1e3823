"""Local entries: a notebook, a script or one file offers things by name, for as long as it runs."""

from __future__ import annotations

import re
import threading
from textwrap import dedent

import pytest

import neuroflow as nf
from neuroflow.checkpoint.origin import ChangedWarning
from neuroflow.errors import AmbiguousNameError, InputError, PluginError, RegistryError
from neuroflow.registry.entries import KINDS
from neuroflow.registry.local import ShadowedWarning, take_in_file
from neuroflow.registry.manager import manager

HOOKED = """
import neuroflow as nf

def wavy(x):
    '''A wave.'''
    return x + nf.sin(x)

@nf.hookimpl
def neuroflow_activations():
    yield nf.ActivationEntry(name="wavy", target=wavy, summary="A wave.", formula="x")
"""
REGISTERED = """
import neuroflow as nf

@nf.register("activation")
def wavy(x):
    '''A wave.'''
    return x + nf.sin(x)
"""
OP = """
import neuroflow as nf
from neuroflow import exp

@nf.op(formula="x^3")
def cubed(x):
    '''The cube of x.'''
    return x * x * x
"""
MOONS = {"model.sizes": [2, 3, 1], "train.steps": 2, "data.points": 8}


@pytest.fixture(autouse=True)
def nothing_leaks():
    before = [entry.id for entry in manager().registry]
    with nf.local_entries():
        yield
    assert [entry.id for entry in manager().registry] == before


@pytest.fixture
def file(tmp_path):
    def write(source, name="mine.py"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(dedent(source))
        return path

    return write


def in_a_session(source, **names):
    """What a cell of a notebook does: it has no file."""
    space = {"nf": nf, "__name__": "__main__", **names}
    exec(dedent(source), space)
    return space


def wavy(x):
    """A wave."""
    return x + nf.sin(x)


def mean_cubed_error(prediction, target):
    """The cube of the distance."""
    return nf.abs(prediction - target) ** 3


def descent(w, g, *, learning_rate):
    """A step down."""
    return (w - learning_rate * g,)


def flat(base, step, steps):
    """The same rate always."""
    return base


def one_third(rng, fan_in, fan_out):
    """A third, and a little."""
    return 1 / 3 + 1e-3 * rng.random()


def ramp(rng, *, points: int = 8):
    """Numbers and their doubles."""
    xs = [k / points for k in range(points)]
    return nf.Dataset([[x, -x] for x in xs], [2 * x for x in xs], "regression")


class WideNet(nf.Module):
    """A line."""

    def __init__(self, *, activation="wavy", rng=None):
        self.activation = activation
        self.inner = nf.build(
            "mlp", sizes=[2, 2, 1], activation=activation, initializer="one_third", rng=rng
        )

    def forward(self, xs):
        return self.inner(xs)


def worst(predictions, targets):
    """The largest distance."""
    return max(abs(p - t) for p, t in zip(predictions, targets, strict=True))


def register_all():
    nf.register("activation", wavy)
    nf.register("loss", mean_cubed_error)
    nf.register("optimizer", descent)
    nf.register("schedule", flat)
    nf.register("initializer", one_third)
    nf.register("dataset", ramp)
    nf.register("layer", WideNet)
    nf.register("metric", worst, needs="numbers", tasks=("regression",), better="lower")


TREE = {
    "model": "wide_net",
    "loss": "mean_cubed_error",
    "optimizer": {"use": "descent", "schedule": "flat"},
    "data": "ramp",
    "train": {"steps": 3, "metrics": ["worst"]},
}


def test_a_run_is_made_of_local_entries_of_every_kind_and_goes_on_later(tmp_path):
    register_all()
    run = nf.Run.start(TREE, tmp_path / "run").run()
    assert "local/worst" in run.training.metrics
    text = (tmp_path / "run" / "config.toml").read_text()
    assert 'use = "local/wide_net"' in text
    assert str(tmp_path) not in text
    assert __name__ not in text
    again = nf.Run.resume(tmp_path / "run")
    assert again.training.model.state_dict() == run.model.state_dict()
    answer = run.model([0.5, 0.25]).data
    assert nf.load(tmp_path / "run")([0.5, 0.25]).data == answer


def test_a_saved_model_says_what_it_needs_and_loads_where_that_is_registered_again(tmp_path):
    path = tmp_path / "model.safetensors"
    with nf.local_entries():
        register_all()
        model = nf.build("wide_net", rng=nf.SplitMix32(1))
        nf.save(model, path)
    assert str(tmp_path).encode() not in path.read_bytes()
    with pytest.raises(PluginError) as caught:
        nf.load(path)
    assert "layer local/wide_net@1 (registered in test_local.py)" in str(caught.value)
    assert "register it again before" in caught.value.remedy
    register_all()
    assert nf.load(path)([0.5, 1.0]).data == model([0.5, 1.0]).data


def test_a_model_tells_where_its_code_is_another_now(tmp_path):
    path = tmp_path / "model.safetensors"
    source = "@nf.register('activation')\ndef bent(x):\n    return x + {} * nf.sin(x)"
    in_a_session(source.format(2.0))
    nf.save(nf.build("mlp", sizes=[1, 2, 1], activation="bent", rng=nf.SplitMix32(1)), path)
    nf.load(path)
    in_a_session(source.format(3.0))
    with pytest.warns(ChangedWarning, match="activation local/bent@1 .* has other code now"):
        nf.load(path)


def test_a_run_does_not_go_on_with_another_loss_of_that_name(tmp_path):
    source = "@nf.register('loss')\ndef far(p, t):\n    return {} * nf.abs(p - t)"
    in_a_session(source.format(2.0))
    nf.Run.start("moons", tmp_path / "run", {**MOONS, "loss": "far"}).run()
    nf.Run.resume(tmp_path / "run")
    in_a_session(source.format(3.0))
    with pytest.raises(nf.StateError, match="the loss of the same name and other code"):
        nf.Run.resume(tmp_path / "run")


@pytest.mark.parametrize("kind", KINDS)
def test_anything_can_be_registered_by_its_entry(kind):
    from neuroflow.registry.entries import ENTRY_TYPES

    required = {"check": {"kinds": ("op",)}, "look": {"layer": "mlp", "label": "it"}}.get(kind, {})
    entry = ENTRY_TYPES[kind](name="mine_alone", target=lambda *_: 0.0, summary="Mine.", **required)
    nf.register(entry)
    assert nf.get(kind, "mine_alone").id == "local/mine_alone@1"


def test_a_name_and_a_summary_come_from_the_thing():
    assert nf.register("loss", mean_cubed_error, labels="numbers") is mean_cubed_error
    entry = nf.get("loss", "mean_cubed_error")
    assert (entry.summary, entry.labels) == ("The cube of the distance.", "numbers")
    nf.register("layer", WideNet)
    assert nf.names("layer", "wide*") == ["local/wide_net"]


def test_an_op_is_a_method_at_once_and_no_longer_afterwards():
    with pytest.raises(AttributeError):
        nf.Value(2.0).cubed_here()
    with nf.local_entries():
        space = in_a_session("""
            @nf.register
            @nf.op(formula="x^3")
            def cubed_here(x):
                return x * x * x
        """)
        cubed_here = space["cubed_here"]
        assert nf.Value(2.0).cubed_here().data == 8.0
        assert nf.ops.cubed_here is cubed_here
    with pytest.raises(AttributeError):
        nf.Value(2.0).cubed_here()


def test_a_cell_that_is_run_twice_replaces_its_own_entry():
    source = "@nf.register('schedule')\ndef slow(base, step, steps):\n    return {} * base"
    in_a_session(source.format(2.0))
    in_a_session(source.format(3.0))
    assert nf.get("schedule", "slow").load()(1.0, 0, 9) == 3.0
    assert len(nf.find("slow", "schedule")) == 1


def test_another_file_s_entry_is_never_replaced(file):
    take_in_file(file(REGISTERED, "a.py"))
    with pytest.raises(RegistryError, match=r"offered by the file a\.py already, and again by"):
        nf.register("activation", wavy)
    with pytest.raises(PluginError, match=r"the plugin .*b\.py.*offered by the file a\.py"):
        take_in_file(file(REGISTERED, "b.py"))
    assert nf.get("activation", "wavy").provider.plugin == "a.py"


def test_two_files_of_one_name_are_told_by_their_paths(tmp_path):
    paths = [tmp_path / folder / "mine.py" for folder in ("one", "two")]
    for path in paths:
        path.parent.mkdir()
        path.write_text(REGISTERED)
    take_in_file(paths[0])
    told = rf"offered by the file {re.escape(str(paths[0]))} already, and again by the file"
    with pytest.raises(PluginError, match=rf"{told} {re.escape(str(paths[1]))}"):
        take_in_file(paths[1])


def test_what_only_a_session_has_is_told_to_be_registered():
    with pytest.raises(RegistryError, match=r"unknown loss 'local/gone'; register it before, with"):
        nf.get("loss", "local/gone")


@pytest.mark.parametrize("backend", ["eager", "auto"])
def test_an_update_rule_that_gives_a_bare_number_is_told(backend):
    def plain(w, g, *, learning_rate):
        return w - learning_rate * g

    nf.register("optimizer", plain)
    few = {"train.steps": 1, "data.points": 12, "train.backend": backend}
    with pytest.raises(nf.DefinitionError, match=r"plain gives 0.475; expected a tuple, the new"):
        next(iter(nf.train("moons", {**few, "optimizer": {"use": "plain", "learning_rate": 0.1}})))


def test_an_initializer_of_a_file_that_fails_is_named(file):
    nf.register("initializer", lambda rng, fan_in, fan_out: fan_in.no, name="broken")
    with pytest.raises(PluginError, match=r"initializer local/broken@1 \(the file test_local.py\)"):
        nf.build("linear", inputs=1, outputs=1, initializer="broken")


def test_a_name_that_others_have_is_ambiguous_as_between_plugins(offers):
    offers.put(nf.ActivationEntry(name="wavy", target=wavy))
    nf.register("activation", wavy)
    with pytest.raises(AmbiguousNameError, match=r"grab/wavy .* or local/wavy"):
        nf.get("activation", "wavy")
    assert nf.get("activation", "local/wavy").load() is wavy


def test_a_bare_name_goes_on_meaning_the_bundled_entry():
    with pytest.warns(ShadowedWarning, match="'relu' still means the bundled neuroflow/relu@1"):
        nf.register("activation", wavy, name="relu")
    assert nf.get("activation", "relu").namespace == "neuroflow"
    assert nf.get("activation", "local/relu").load() is wavy


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("activation", lambda x: x), "'<lambda>' cannot name an activation"),
        (("activation", 3), "the activation is 3, of type int"),
        (("layr", wavy), "unknown kind 'layr'; did you mean 'layer' or 'layers'?"),
        ((wavy,), "expected a kind and a thing, an op, or an entry"),
    ],
)
def test_what_cannot_be_meant_is_told(arguments, told):
    with pytest.raises((InputError, RegistryError)) as caught:
        nf.register(*arguments)
    assert told in str(caught.value)


def test_a_field_that_its_kind_lacks_is_told():
    with pytest.raises(InputError, match="loss entries have no field 'label'; did you mean"):
        nf.register("loss", mean_cubed_error, label="numbers")


def test_threads_may_read_names_while_entries_come_and_go():
    stop, problems = threading.Event(), []

    def read():
        try:
            while not stop.is_set():
                nf.names("activation")
        except Exception as error:
            problems.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for k in range(40):
        nf.register("activation", wavy, name=f"wavy_{k % 7}")
    stop.set()
    reader.join()
    assert problems == []


@pytest.mark.parametrize("source", [HOOKED, REGISTERED])
def test_a_file_is_a_plugin(file, source):
    plugin = take_in_file(file(source))
    assert [entry.id for entry in plugin.entries] == ["local/wavy@1"]
    assert nf.build("layer", inputs=1, outputs=1, activation="wavy")([0.0]).data is not None
    assert plugin in manager().plugins


def test_the_ops_of_a_file_without_hooks_are_what_it_offers(file):
    assert [entry.name for entry in take_in_file(file(OP)).entries] == ["cubed"]


def test_a_file_is_loaded_anew_when_it_has_changed(file):
    take_in_file(file(REGISTERED))
    take_in_file(file(REGISTERED.replace("wavy", "bent")))
    assert nf.names("activation", "local/*") == ["local/bent"]


@pytest.mark.parametrize(
    ("source", "line", "told"),
    [
        ("import neuroflow\n\n1 / 0\n", 3, "ZeroDivisionError: division by zero"),
        ("import neuroflow\nx = = 2\n", 2, "SyntaxError: invalid syntax"),
        ("import nothing_of_that_name\n", 1, "ModuleNotFoundError"),
        ("raise SystemExit(3)\n", 1, "SystemExit: 3"),
        (REGISTERED + "\n1 / 0\n", 9, "ZeroDivisionError"),
    ],
)
def test_a_broken_file_is_told_with_its_line_and_leaves_nothing(file, source, line, told):
    path = file(source)
    with pytest.raises(PluginError) as caught:
        take_in_file(path)
    assert str(caught.value).startswith(f"the plugin {path}, line {line}: {told}")
    assert caught.value.where["line"] == line
    assert nf.find("wavy") == []


def test_a_plugin_that_is_installed_offers_entries_by_hooks_alone(plugins):
    plugins.add("sly", REGISTERED)
    (failed,) = plugins.manager().failures
    assert "nf.register is for notebooks and single files; write neuroflow_activations" in (
        failed.failure
    )


def test_no_distribution_takes_the_namespace_of_local_things(plugins):
    plugins.add("local", HOOKED)
    (failed,) = plugins.manager().failures
    assert "that namespace belongs to what is registered in a session or a file" in failed.failure
