"""The wheel installs exactly two packages: neuroflow and neuroflow_plugins."""

import sys
import zipfile

names = zipfile.ZipFile(sys.argv[1]).namelist()
top = {name.split("/")[0] for name in names if ".dist-info/" not in name}
assert top == {"neuroflow", "neuroflow_plugins"}, top
assert "neuroflow/py.typed" in names
assert "neuroflow_plugins/py.typed" in names
print(f"wheel: {len(names)} files, top level {sorted(top)}")
