"""One point of a sweep: an ordinary run in a folder of its own, begun or gone on with."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neuroflow.errors import ConfigurationError, FileError, NeuroflowError, raised
from neuroflow.experiments.record import ERROR, is_run
from neuroflow.files import write_file
from neuroflow.training import Run


def run_point(source: Mapping[str, Any] | str, changes: Mapping[str, Any], folder: Path) -> str:
    """Run a point to its end; gives what went wrong, empty if nothing did.

    That is also written beside the run, unless it is about a file, which may be there next time.
    """
    try:
        run = Run.resume(folder) if is_run(folder) else Run.start(source, folder, changes)
        run.run()
    except FileError as error:
        return str(error)
    except Exception as error:  # a plugin may fail in any way, and the other points go on
        problem = _in_words(error)
        if is_run(folder):
            write_file(folder / ERROR, f"{problem}\n")
        return problem
    with contextlib.suppress(FileNotFoundError):
        (folder / ERROR).unlink()
    return ""


def _in_words(error: Exception) -> str:
    """An error on one line of a table."""
    if isinstance(error, ConfigurationError) and error.problems:
        return "; ".join(map(str, error.problems))
    return str(error) if isinstance(error, NeuroflowError) else raised(error)
