"""Every op can be traced to its plugin, and a run says what it misses when the plugin is gone."""

from __future__ import annotations

import json
import shutil

import pytest

import neuroflow as nf

PLUGIN = '''
import neuroflow as nf

@nf.op(formula=r"\\frac{{x}}{{1 + |x|}}")
def gentle(x, *, sharpness=1.0):
    """A gentle step."""
    return x / (1.0 + nf.abs(x))

@nf.op(formula=r"\\ln x", domain="(0, inf)")
def strict(x):
    """The logarithm, as a plugin has it."""
    return nf.log(x)

@nf.hookimpl
def neuroflow_ops():
    return [gentle, strict]

@nf.hookimpl
def neuroflow_activations():
    yield nf.ActivationEntry(name="gentle", target=gentle, version={version}, summary="gentle")
'''
CONFIGURATION = {
    "schema": 1,
    "model": {"use": "mlp", "sizes": [2, 4, 1], "activation": "gentle"},
    "loss": "hinge",
    "optimizer": {"use": "sgd", "learning_rate": 0.1},
    "data": {"use": "moons", "points": 20, "noise": 0.1},
    "train": {"epochs": 3, "seed": 1},
}
CLI = "from neuroflow.cli import main; main()"


@pytest.fixture
def trained(run, site, tmp_path):
    """A run folder made with the plugin, which stays installed."""
    site.add("acme-gentle", "acme_gentle", PLUGIN.format(version=1), entry="acme")
    (tmp_path / "c.json").write_text(json.dumps(CONFIGURATION))
    code, _, err = run("-c", CLI, "train", "c.json", "--out", "run", "--backend", "numpy", "--json",
                       env=site.environment)  # fmt: skip
    assert code == 0, err
    return tmp_path / "run"


def uninstall(site):
    for path in list(site.folder.iterdir()):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def test_saved_model_names_plugin_and_distribution(trained):
    uses = [str(used) for used in nf.inspect_file(trained / "checkpoint.safetensors").uses]
    assert "activation acme/gentle@1 (plugin 'acme' of acme-gentle 1.2)" in uses


@pytest.mark.parametrize("command", ["resume", "predict"])
def test_missing_plugin_is_named_precisely(run, site, trained, command):
    uninstall(site)
    words = {"resume": ["run"], "predict": ["run", "0.1", "0.2"]}[command]
    code, out, err = run("-c", CLI, command, *words, env=site.environment)
    text = " ".join((out + err).split())
    assert code in (1, 2), text
    assert "gentle" in text
    assert "plugin 'acme' of acme-gentle 1.2" in text


def test_changed_plugin_is_named_precisely(run, site, trained):
    uninstall(site)
    site.add("acme-gentle", "acme_gentle", PLUGIN.format(version=2), version="2.0", entry="acme")
    code, out, err = run("-c", CLI, "predict", "run", "0.1", "0.2", env=site.environment)
    text = " ".join((out + err).split())
    assert code in (1, 2), text
    assert "acme/gentle@1 (plugin 'acme' of acme-gentle 1.2)" in text
    assert "acme/gentle@2 of plugin 'acme' of acme-gentle 2.0" in text


def test_error_of_a_third_party_op_names_its_plugin(run, site):
    site.add("acme-gentle", "acme_gentle", PLUGIN.format(version=1), entry="acme")
    script = (
        "import neuroflow as nf\ntry: nf.Value(-1.0).strict()\nexcept nf.DomainError as e: print(e)"
    )
    out = run("-c", script, env=site.environment)[1]
    assert out.startswith("strict(-1) (from plugin 'acme' of acme-gentle 1.2) has no finite value")


FAILING = """
import neuroflow as nf

def shapes(rng, points: int = 8):
    if points == 7:
        raise nf.InputError("points is 7", expected="another number", got=7)
    return [][points]

class Fragile(nf.Module):
    def __init__(self):
        raise ZeroDivisionError("no way")

@nf.hookimpl
def neuroflow_datasets():
    return [nf.DatasetEntry(name="shapes", target=shapes, summary="shapes")]

@nf.hookimpl
def neuroflow_layers():
    return [nf.LayerEntry(name="fragile", target=Fragile, summary="fragile")]
"""
CALLS = """
import json
import neuroflow as nf
calls = [
    lambda: nf.Value(-1.0).strict(),
    lambda: nf.train("moons", ["data={use='shapes', points=7}"]),
    lambda: nf.train("moons", ["data={use='shapes'}"]),
    lambda: nf.build("fragile"),
]
for call in calls:
    try:
        call()
    except nf.NeuroflowError as error:
        print(json.dumps([type(error).__name__, str(error), error.where]))
"""


def test_errors_of_a_third_party_know_plugin_and_distribution(run, site):
    site.add("acme-gentle", "acme_gentle", PLUGIN.format(version=1), entry="acme")
    site.add("fail-dist", "fail_module", FAILING, version="3.0", entry="fail")
    code, out, err = run("-c", CALLS, env=site.environment)
    assert code == 0, err
    strict, shapes, broken, fragile = map(json.loads, out.splitlines())
    assert strict[2] == {"op": "strict", "plugin": "acme", "distribution": "acme-gentle"}
    fail = {"plugin": "fail", "distribution": "fail-dist"}
    assert shapes[:2] == ["InputError", "data: points is 7; expected another number"]
    assert shapes[2] == {"path": "data", "entry": "fail/shapes@1", **fail}
    assert broken[:2] == [
        "PluginError",
        "dataset fail/shapes@1 (plugin 'fail' of fail-dist 3.0) failed: IndexError: list index out"
        " of range; check what it was given, or tell the authors of fail-dist 3.0",
    ]
    assert broken[2] == {"entry": "fail/shapes@1", **fail}
    assert fragile[0] == "PluginError"
    assert "failed: ZeroDivisionError: no way" in fragile[1]
    assert fragile[2] == {"entry": "fail/fragile@1", **fail}


def test_errors_of_bundled_ops_stay_short():
    with pytest.raises(nf.DomainError, match=r"^log\(-1\) has no finite value"):
        nf.Value(-1.0).log()


def test_show_names_the_plugin(run, site):
    site.add("acme-gentle", "acme_gentle", PLUGIN.format(version=1), entry="acme")
    _, out, _ = run("-c", CLI, "show", "acme/gentle", "--kind", "activation", env=site.environment)
    assert "plugin 'acme' of acme-gentle 1.2" in " ".join(out.split())


def test_pictures_name_the_plugin(run, site):
    site.add("acme-gentle", "acme_gentle", PLUGIN.format(version=1), entry="acme")
    script = (
        "import neuroflow as nf\n"
        "model = nf.build('mlp', sizes=[2, 3, 1], activation='gentle', rng=nf.SplitMix32(1))\n"
        "print(nf.draw(model).svg)"
    )
    code, out, err = run("-c", script, env=site.environment)
    assert code == 0, err
    assert "acme-gentle 1.2" in out
