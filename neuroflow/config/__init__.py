"""Composition: models, losses, optimizers and data from registry names, in one tree.

The same tree is written as TOML, as JSON or as a dict. A part is a name (``"relu"``) or a table
with the one key ``use`` beside its settings (``{use = "leaky_relu", slope = 0.1}``); which kind
of name it is follows from the field it stands in. All problems of a tree are reported at once.

Reading order: :mod:`settings`, :mod:`toml`, :mod:`recipe`, :mod:`reading`, :mod:`changing`,
:mod:`extending`, :mod:`variables`, :mod:`shape_rules`, :mod:`shapes`, :mod:`checking`,
:mod:`matrix_draw`, :mod:`sharing`, :mod:`building`, :mod:`describing`. Where values come from:
:mod:`spans`, :mod:`provenance`, :mod:`filling`. For editors: :mod:`json_schema`.
"""

from neuroflow.config.building import build, build_model, resolve, simplified
from neuroflow.config.changing import changed, differences, paths_of, scale_schedule
from neuroflow.config.checking import DATA, FROM_DATA, check_part, check_schedule, configure
from neuroflow.config.describing import (
    configuration_of,
    described_part,
    files_of,
    part_settings,
    parts_of,
    renamed,
)
from neuroflow.config.extending import read
from neuroflow.config.matrix_draw import MatrixDraw
from neuroflow.config.recipe import Recipe, recipes
from neuroflow.config.settings import (
    SCHEMA,
    SECTIONS,
    Section,
    Tree,
    described,
    schema,
    settings_of,
)
from neuroflow.config.shape_rules import ANY, AUTO, Shape, shape_after, shown_shape
from neuroflow.config.shapes import (
    NAME,
    REF,
    LayerShapes,
    check_shapes,
    coming_from,
    open_lengths,
    problems_of,
    shape_of_entry,
    shapes_of,
)
from neuroflow.config.toml import to_toml
from neuroflow.core.types import REQUIRED

__all__ = [
    "ANY",
    "AUTO",
    "DATA",
    "FROM_DATA",
    "NAME",
    "REF",
    "REQUIRED",
    "SCHEMA",
    "SECTIONS",
    "LayerShapes",
    "MatrixDraw",
    "Recipe",
    "Section",
    "Shape",
    "Tree",
    "build",
    "build_model",
    "changed",
    "check_part",
    "check_schedule",
    "check_shapes",
    "coming_from",
    "configuration_of",
    "configure",
    "described",
    "described_part",
    "differences",
    "files_of",
    "open_lengths",
    "part_settings",
    "parts_of",
    "paths_of",
    "problems_of",
    "read",
    "recipes",
    "renamed",
    "resolve",
    "scale_schedule",
    "schema",
    "settings_of",
    "shape_after",
    "shape_of_entry",
    "shapes_of",
    "shown_shape",
    "simplified",
    "to_toml",
]
