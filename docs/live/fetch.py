"""Fetch Pyodide for the live pages, and what checks them, with npm into ``docs/_build/pyodide``."""

import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "_build" / "pyodide"
PACKAGES = ("pyodide@314.0.7", "axe-core@4.10.3")


def main() -> int:
    """0 if Pyodide is there afterwards; 1 with the reason if not."""
    npm = shutil.which("npm")
    if npm is None:
        print("npm is not installed: the pages will be without Python", file=sys.stderr)
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    command = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(FOLDER)]
    return subprocess.run([*command, *PACKAGES]).returncode


def is_in(folder: Path) -> bool:
    """Whether it was fetched before."""
    return (folder / "node_modules" / "pyodide" / "pyodide.mjs").is_file()


if __name__ == "__main__":
    sys.exit(main())
