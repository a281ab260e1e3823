"""The wheel installs exactly two packages, neuroflow and neuroflow_plugins, and the examples."""

import sys
import zipfile

names = zipfile.ZipFile(sys.argv[1]).namelist()
data = [name.partition(".data/")[2] for name in names if ".data/" in name]
rest = [name for name in names if ".dist-info/" not in name and ".data/" not in name]
top = {name.split("/")[0] for name in rest}
assert top == {"neuroflow", "neuroflow_plugins"}, top
assert "neuroflow/py.typed" in names
assert "neuroflow_plugins/py.typed" in names
assert data
assert all(name.startswith("data/share/neuroflow/examples/") for name in data), data
print(f"wheel: {len(names)} files, top level {sorted(top)}")
