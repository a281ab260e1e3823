#!/usr/bin/env bash
# The plugin system and the example plugins, on the oldest pluggy that pyproject.toml allows, and
# on the newest one.
# Usage: pluggy.sh [WHEEL]
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore

oldest=$(sed -n 's/.*"pluggy>=\([0-9.]*\)".*/\1/p' "$root/pyproject.toml")
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install -q hatchling build
wheel=${1:-}
if [ -z "$wheel" ]; then
  "$work/venv/bin/python" -m build -q --wheel --no-isolation --outdir "$work/dist" "$root"
  wheel=$(echo "$work"/dist/*.whl)
fi
"$work/venv/bin/pip" install -q "$wheel[check]"
cp -r "$root/docs/examples/plugins" "$work/plugins"
"$work/venv/bin/pip" install -q --no-build-isolation --no-deps "$work"/plugins/*
mkdir -p "$work/tests/support"
cp "$root/tests/support/distributions.py" "$root/tests/support/programs.py" "$work/tests/support"
cp "$root/tests/registry/test_broken_plugins.py" "$work/tests"
echo 'pytest_plugins = ["tests.support.distributions", "tests.support.programs"]' \
  >"$work/tests/conftest.py"
cd "$work"
for version in "$oldest" newest; do
  if [ "$version" = newest ]; then
    "$work/venv/bin/pip" install -q --upgrade pluggy pytest
  else
    "$work/venv/bin/pip" install -q "pluggy~=$version.0" "pytest<9"
  fi
  "$work/venv/bin/python" -c "import pluggy; print('pluggy', pluggy.__version__)"
  "$work/venv/bin/python" -m pytest -q -p no:cacheprovider --import-mode=importlib tests
  for plugin in "$work"/plugins/*; do
    (cd "$plugin" && "$work/venv/bin/python" -m pytest -q -p no:cacheprovider)
  done
done
echo "pluggy: all good in ${SECONDS}s"
