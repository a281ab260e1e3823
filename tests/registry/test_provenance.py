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
