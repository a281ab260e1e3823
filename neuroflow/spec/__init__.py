"""Composition: models, losses, optimizers and data from registry names, in one tree.

The same tree is written as TOML, as JSON or as a dict. A part is a name (``"relu"``) or a table
with the one key ``use`` beside its settings (``{use = "leaky_relu", slope = 0.1}``); which kind
of name it is follows from the field it stands in. All problems of a tree are reported at once.

In reading order: ``hints``, ``settings``, ``recipe``, ``reading``, ``changing``, ``signature``,
``checking``, ``building``, ``describing``, ``writing``.
"""

from neuroflow.spec.building import build, build_model, resolve, simplified
from neuroflow.spec.changing import changed
from neuroflow.spec.checking import check_part, configure
from neuroflow.spec.describing import parts_of, spec_of
from neuroflow.spec.hints import REQUIRED
from neuroflow.spec.reading import read
from neuroflow.spec.recipe import Recipe, recipes
from neuroflow.spec.settings import SCHEMA, SECTIONS, Section, Setting, Tree, schema
from neuroflow.spec.signature import kind_of, settings_of
from neuroflow.spec.writing import to_toml

__all__ = [
    "REQUIRED",
    "SCHEMA",
    "SECTIONS",
    "Recipe",
    "Section",
    "Setting",
    "Tree",
    "build",
    "build_model",
    "changed",
    "check_part",
    "configure",
    "kind_of",
    "parts_of",
    "read",
    "recipes",
    "resolve",
    "schema",
    "settings_of",
    "simplified",
    "spec_of",
    "to_toml",
]
