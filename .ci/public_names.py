"""Write neuroflow/__init__.pyi: the lazy public names, as type checkers need to see them."""

from pathlib import Path

import neuroflow

HEADER = '"""The public names; written by .ci/public_names.py from the table in __init__.py."""\n'


def stub() -> str:
    """The text of the stub, derived from the table of lazy names."""
    lines = [HEADER, *(f"from neuroflow import {name} as {name}" for name in neuroflow._ROOMS)]
    for module, names in neuroflow._HOME.items():
        lines += [f"from {module} import {name} as {name}" for name in names.split()]
    return "\n".join([*lines, "", "__version__: str", ""])


if __name__ == "__main__":
    Path(neuroflow.__file__).with_suffix(".pyi").write_text(stub())
