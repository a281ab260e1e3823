"""Installed plugins of other authors: their ops, activation, loss and layer on every backend.

The examples of the documentation are laid out as an installer does it, with their entry points
in metadata, and a process of its own finds them there.
"""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples" / "plugins"
INSTALLED = ("neuroflow-mish", "neuroflow-gaussian")

COMPARE = """
import json, sys
import neuroflow as nf

def compared(function, *arguments):
    fast = nf.compile(function, backend=sys.argv[1]).value_and_gradients(*arguments)
    module = arguments[0]
    module.zero_grad()
    y = function(*arguments)
    y.backward()
    mine = [fast[0], *fast[1].parameters]
    return [mine, [y.data, *(p.grad for p in module.parameters())]]

def op(model, x):
    return model([(x[0] * model.parameters()[0]).mish(), nf.ops.mish(x[1]) * x[0]])

def loss(model, xs, y):
    return nf.get("loss", "gaussian_nll").load()(model(xs), y)

neuron = nf.build("mlp", sizes=[2, 1], rng=nf.SplitMix32(1))
mlp = nf.build("mlp", sizes=[2, 3, 1], activation="mish", rng=nf.SplitMix32(2))
head = nf.build("gaussian_head", inputs=2, rng=nf.SplitMix32(3))
x = [0.7, -1.3]
layers = [
    {"use": "mlp", "sizes": [1, 3], "activation": "mish"},
    {"use": "gaussian_head", "inputs": 3},
]
trained = []
for backend in (sys.argv[1], "eager"):
    runner = nf.make_runner(
        nf.build("sequential", layers=layers), loss,
        [([0.1 * k], 0.3 * k) for k in range(5)], nf.get("optimizer", "adam").load(),
        backend=backend,
    )
    trained.append([*runner.run([[0, 1, 2], [3, 4]], [0.1, 0.1]),
                    *(p.data for p in runner.parameters)])
ids = [e.id for e in nf.find("*mish*") + nf.find("*gaussian*")]
print(json.dumps({
    "ids": ids,
    "providers": sorted({str(nf.get(e.kind, e.id).provider) for e in nf.find("*mish*")}),
    "op": compared(op, neuron, x),
    "activation": compared(lambda model, x: model(x), mlp, x),
    "layer": compared(lambda model, x: nf.dot(model(x), [0.5, -2.0]), head, x),
    "loss": compared(loss, head, x, 0.4),
    "training": trained,
}))
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder with the two distributions installed."""
    folder = tmp_path_factory.mktemp("site")
    for name in INSTALLED:
        project = tomllib.loads((EXAMPLES / name / "pyproject.toml").read_text())["project"]
        module = name.replace("-", "_")
        shutil.copytree(EXAMPLES / name / "src" / module, folder / module)
        info = folder / f"{module}-{project['version']}.dist-info"
        info.mkdir()
        info.joinpath("METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {project['version']}\n"
        )
        points = project["entry-points"]["neuroflow"]
        lines = [f"{key} = {value}" for key, value in points.items()]
        info.joinpath("entry_points.txt").write_text("\n".join(["[neuroflow]", *lines, ""]))
    return folder


def test_an_installed_plugin_computes_the_same_on_every_backend(site, backend, tmp_path):
    script = tmp_path / "compare.py"
    script.write_text(COMPARE)
    done = subprocess.run(
        [sys.executable, "-W", "error", str(script), backend],
        env={**os.environ, "PYTHONPATH": str(site), "NEUROFLOW_STRICT_PLUGINS": "1"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found.pop("ids")) >= {"mish/mish@1", "gaussian/gaussian_head@1"}
    assert found.pop("providers") == ["plugin 'mish' of neuroflow-mish 0.1.0"]
    for name, (mine, eager) in found.items():
        assert len(mine) == len(eager) > 2, name
        assert mine == pytest.approx(eager, rel=1e-12, abs=1e-14), name
