#!/usr/bin/env bash
# From the built wheel, in a fresh environment: a generated plugin installs beside neuroflow, passes
# its own tests, and its op trains in a network; one with every kind has tests, checks, docs and a
# wheel; the example plugins install and pass their checks.
# Usage: scaffold.sh [WHEEL]
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

python3 -m venv "$work/venv"
export PATH="$work/venv/bin:$PATH"
pip install -q pytest hatchling build
wheel=${1:-}
if [ -z "$wheel" ]; then
  python -m build -q --wheel --no-isolation --outdir "$work/dist" "$root"
  wheel=$(echo "$work"/dist/*.whl)
fi
pip install -q "$wheel[check]"

cd "$work"
neuroflow new gentle-step --json >project.json
project=$(python -c "import json; print(json.load(open('project.json'))['folder'])")
pip install -q --no-build-isolation "./$project"
(cd "$project" && python -m pytest -q)
neuroflow check gentle_step
python -m pytest -q -p neuroflow.pytest_plugin --neuroflow-check=gentle_step

cat >train.toml <<'TOML'
schema = 1
[model]
use = "mlp"
sizes = [2, 8, 1]
activation = "gentle_step/gentle_step"
[loss]
use = "hinge"
[optimizer]
use = "adam"
learning_rate = 0.05
[data]
use = "moons"
points = 60
noise = 0.1
[train]
epochs = 60
seed = 7
TOML
neuroflow train train.toml --out run --json >train.json 2>train.log
python -c "
import json
result = json.load(open('train.json'))
assert result['accuracy'] > 0.85, result
print('gentle_step trains to', result['accuracy'])
"

neuroflow new all-kinds --json --kind op --kind loss --kind metric --kind layer --kind optimizer \
  --kind schedule --kind initializer --kind dataset --kind tokenizer --kind backend --kind recipe \
  --kind observer --kind exporter --kind importer --kind check --kind format --kind panel --kind look --kind command >/dev/null
pip install -q --no-build-isolation ./neuroflow-all-kinds
(cd neuroflow-all-kinds && python -m pytest -q && python -m build -q --wheel --no-isolation)
neuroflow check all_kinds
neuroflow all-kinds loss
pip install -q "$wheel[docs]"
sphinx-build -q -W neuroflow-all-kinds/docs neuroflow-all-kinds/docs/_build

neuroflow new --example mish --directory examples --json >/dev/null
cmp examples/neuroflow-mish/pyproject.toml "$root/docs/examples/plugins/neuroflow-mish/pyproject.toml"

for plugin in "$root"/docs/examples/plugins/*/; do
  cp -r "$plugin" "$work/$(basename "$plugin")"
  pip install -q --no-build-isolation "$work/$(basename "$plugin")"
  (cd "$work/$(basename "$plugin")" && python -m pytest -q)
done
neuroflow plugins --json >plugins.json
echo "scaffold: all good in ${SECONDS}s"
