"""``neuroflow inspect``: what is in a saved model, without any plugin."""

from __future__ import annotations

import json
import subprocess
import sys


def test_inspect_loads_no_plugin(neuroflow, moons, tmp_path):
    code = (
        "import sys\nfrom neuroflow.cli import main\ntry:\n    main(['inspect', 'moons'])\n"
        "except SystemExit as stop:\n    assert stop.code == 0\n"
        "assert not [m for m in sys.modules if m.startswith('neuroflow_plugins')]"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    for text in ("13", "neuroflow/mlp@1", "layers.0.neurons.*.weights", "binary"):
        assert text in done.stdout
    facts = json.loads(neuroflow("inspect", moons, "--json")[1])
    assert facts["parameters"] == 13
    assert facts["state"]["step"] == 3
