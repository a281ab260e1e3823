"""Saved models: one ``.safetensors`` file that holds numbers, and says what they belong to.

The metadata names the model by registry names, with the version and the distribution of every
entry it needs. There is no pickle and no import path in it, so reading one runs no code.

Reading order: :mod:`container`, :mod:`arrays`, :mod:`code`, :mod:`uses`, :mod:`migrating`,
:mod:`rebuilding`, :mod:`describe`, :mod:`facts`, :mod:`schema`, :mod:`file`, :mod:`origin`,
:mod:`saving`.
"""

from neuroflow.checkpoint.arrays import OPTIMIZER, Arrays
from neuroflow.checkpoint.file import (
    BEST_MODEL,
    CHECKPOINT,
    SavedModel,
    file_of,
    inspect_file,
    read_arrays,
    read_description,
)
from neuroflow.checkpoint.saving import load, load_parameters, load_with_facts, save
from neuroflow.checkpoint.uses import Used, check_uses

__all__ = [
    "BEST_MODEL",
    "CHECKPOINT",
    "OPTIMIZER",
    "Arrays",
    "SavedModel",
    "Used",
    "check_uses",
    "file_of",
    "inspect_file",
    "load",
    "load_parameters",
    "load_with_facts",
    "read_arrays",
    "read_description",
    "save",
]
