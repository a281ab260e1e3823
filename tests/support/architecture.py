"""Who imports whom: the one list down which imports point, and what breaks it in a tree of files.

The rules are functions over a folder, so that a test can plant a fault in a copy and see it found.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from attrs import frozen

PARTS = (
    "synonyms",
    "errors",
    "memory",
    "pythonic",
    "files",
    "locks",
    "stopping",
    "long_work",
    "core",
    "normal",
    "more_functions",
    "buffer",
    "observer",
    "panel",
    "purity",
    "registry",
    "ops",
    "layers",
    "data",
    "config",
    "checkpoint",
    "engine.trace",
    "engine.plan",
    "engine.padding",
    "engine.lower",
    "engine.run",
    "engine.native",
    "engine.torch",
    "engine",
    "evaluation",
    "tensors",
    "training",
    "generation",
    "pretrained",
    "export",
    "checks.shared",
    "checks.formulas",
    "checks.proofs",
    "checks.ops",
    "checks.losses",
    "checks.layers",
    "checks.kinds",
    "checks",
    "inspect",
    "view",
    "experiments",
    "sklearn",
    "",
    "live",
    "scaffold",
    "sphinxext",
    "cli",
    "completing",
    "pytest_plugin",
    "__main__",
)
"""A part imports itself and those above it in this list; ``""`` is the front, ``neuroflow``.

The front stands where its last public name is known: what lies above it in the list takes names
from where they live.
"""

PLUGINS = (
    "exponentials",
    "angles",
    "hyperbolic",
    "steps",
    "ops",
    "activations",
    "metrics",
    "losses",
    "initializers",
    "schedules",
    "optimizers",
    "observers",
    "panels",
    "looks",
    "exporters",
    "importers",
    "formats",
    "checks",
    "datasets",
    "pieces",
    "byte_pairs",
    "pretokens",
    "byte_level",
    "tokenizer_json",
    "tokenizers",
    "text",
    "shapes",
    "sizes",
    "nested",
    "parts",
    "numbers_held",
    "mlp",
    "combinator_shapes",
    "combinators",
    "attention",
    "convolution",
    "pooling",
    "recurrent",
    "norms",
    "bilinear",
    "language_model",
    "layers",
    "multi_head",
    "blocks",
    "gpt",
    "text_classifier",
    "encoder_decoder",
    "transformer",
    "tensor_forms",
    "combinator_forms",
    "window_forms",
    "recurrent_forms",
    "backends",
    "zoo",
    "",
)
"""The same for the bundled plugins among each other."""

EXCEPTIONS = {
    ("neuroflow.core.value", "neuroflow.core.gradient"): "a Value asks for its gradient",
    ("neuroflow.core.value", "neuroflow.core.derivatives"): "an op without partials is"
    " differentiated",
    ("neuroflow.core.value", "neuroflow.core.careful"): "a rule that was given a nan is run again,"
    " step by step",
}
"""Imports that break the list or close a circle, each for the reason given."""
TARGET = re.compile(r"(neuroflow(?:\.\w+)+):\w+")
"""What an entry names as its target is imported as well, later."""


@frozen
class Import:
    """One module that imports another of the same tree: wherever in the file, for types as well.

    Imports inside functions and for type checkers alone count: who reads the file has to know the
    other one too.
    """

    source: str
    target: str
    line: int

    @property
    def edge(self) -> tuple[str, str]:
        """Without the line, which moves."""
        return self.source, self.target

    def __str__(self) -> str:
        return f"{self.source}:{self.line} imports {self.target}"


def modules_of(package: Path) -> dict[str, Path]:
    """Every file of a package by its dotted name."""
    found = {}
    for path in sorted(package.rglob("*.py")):
        words = path.relative_to(package.parent).with_suffix("").parts
        found[".".join(words).removesuffix(".__init__")] = path
    return found


def imports_of(path: Path) -> tuple[tuple[str, str, int], ...]:
    """Module, name (of ``from`` imports) and line of everything that a file imports."""
    return _imports_in(path.read_text(encoding="utf-8"))


@cache  # a copy of a tree has the same texts
def _imports_in(text: str) -> tuple[tuple[str, str, int], ...]:
    return tuple(_imports_below(ast.parse(text)))


def _imports_below(tree: ast.AST) -> Iterator[tuple[str, str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "", node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from ((module, alias.name, node.lineno) for alias in node.names)
        elif target := TARGET.fullmatch(str(getattr(node, "value", ""))):
            yield target[1], "", getattr(node, "lineno", 0)


def imports_within(package: Path) -> list[Import]:
    """The imports of a package's files among each other."""
    modules = modules_of(package)
    found = {}
    for source, path in modules.items():
        for module, name, line in imports_of(path):
            target = f"{module}.{name}" if f"{module}.{name}" in modules else module
            if target in modules and target != source:
                found.setdefault((source, target), Import(source, target, line))
    return list(found.values())


def part_of(module: str, parts: Iterable[str] = PARTS) -> str | None:
    """The part of the list in which a module lies; None if it is in none."""
    inner = module.partition(".")[2]
    if not inner:
        return "" if "" in parts else None
    words = inner.split(".")
    candidates = (".".join(words[:n]) for n in range(len(words), 0, -1))
    return next((c for c in candidates if c in parts), None)


def without_part(package: Path, parts: Iterable[str] = PARTS) -> list[str]:
    """Modules that the list does not know."""
    return [module for module in modules_of(package) if part_of(module, parts) is None]


def relative_imports(package: Path) -> list[str]:
    """Imports that begin with a dot: a reader should not have to count folders."""
    return [
        f"{source}:{line} imports {module}"
        for source, path in modules_of(package).items()
        for module, _, line in imports_of(path)
        if module.startswith(".")
    ]


def upward(imports: Iterable[Import], parts: tuple[str, ...] = PARTS) -> list[Import]:
    """Imports of a part further down the list than the importing one."""
    place = {part: k for k, part in enumerate(parts)}

    def height(module: str) -> int:
        part = part_of(module, parts)
        return -1 if part is None else place[part]

    return [i for i in imports if height(i.target) > height(i.source)]


def circle(imports: Iterable[Import]) -> list[str]:
    """One circle of files, from a module round to itself; empty if there is none."""
    graph: dict[str, set[str]] = {}
    for found in imports:
        graph.setdefault(found.source, set()).add(found.target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []


def foreign(package: Path, allowed: Iterable[str]) -> list[str]:
    """Imports that are neither the standard library nor begin with one of the allowed names."""
    known = {*sys.stdlib_module_names, *allowed}
    return [
        f"{name}:{line} imports {module}"
        for name, path in modules_of(package).items()
        for module, _, line in imports_of(path)
        if not any(module == k or module.startswith(f"{k}.") for k in known)
    ]


def private_imports(package: Path) -> list[str]:
    """Names with an underscore that one part of a package takes from another."""
    return [
        f"{source}:{line} imports {name} from {module}"
        for source, path in modules_of(package).items()
        for module, name, line in imports_of(path)
        if module.startswith("neuroflow.") and name.startswith("_")
        if part_of(module) != part_of(source)
    ]


def not_public(plugins: Path, public: Iterable[str]) -> list[str]:
    """What plugins use of neuroflow beyond its public names, as an import, attribute or target."""
    names = set(public)
    found = []
    for module, path in modules_of(plugins).items():
        for imported, name, line in imports_of(path):
            inside = imported.startswith("neuroflow.")
            if inside or (imported == "neuroflow" and name and name not in names):
                found.append(f"{module}:{line} imports {'.'.join(filter(None, (imported, name)))}")
        found += [f"{module}:{line} uses {text}" for line, text in _private_uses(path, names)]
    return found


@cache
def _attributes_in(text: str) -> tuple[tuple[int, str, str], ...]:
    """Line, owner and name of every attribute that a text uses."""
    return tuple(
        (node.lineno, ast.unparse(node.value), node.attr)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Attribute)
    )


def _private_uses(path: Path, public: set[str]) -> Iterator[tuple[int, str]]:
    """Attributes that are not public: of ``nf``, and those with an underscore of other objects."""
    for line, owner, name in _attributes_in(path.read_text(encoding="utf-8")):
        hidden = name.startswith("_") and not name.endswith("__")
        if (owner in ("nf", "neuroflow") and name not in public) or (
            hidden and owner not in ("self", "cls", "super()")
        ):
            yield line, f"{owner}.{name}"


def faults(
    imports: Iterable[Import],
    exceptions: Mapping[tuple[str, str], str],
    parts: tuple[str, ...] = PARTS,
) -> list[str]:
    """What breaks the list: imports that point upwards, a circle, exceptions without a use."""
    every = list(imports)
    judged = [i for i in every if i.edge not in exceptions]
    found = [f"{i}: {i.target} lies further down the list of parts" for i in upward(judged, parts)]
    if ring := circle(judged):
        found.append(f"a circle of files: {' -> '.join(ring)}")
    edges = {i.edge for i in every}
    unused = [edge for edge in exceptions if edge not in edges]
    return found + [f"remove the exception {a} -> {b}: nothing imports so" for a, b in unused]


PRINTERS = {
    "cli/shared/output.py": "results and notes",
    "cli/shared/streams.py": "the clean streams",
    "cli/shared/screen.py": "the terminal in colour",
    "registry/capture.py": "what plugins print, to standard error",
    "export/onnx_file.py": "keeps PyTorch's exporter quiet",
    "live/conversation.py": "the traceback of a fault, to standard error",
    "live/worker.py": "the same, to the browser's console",
    "experiments/worker.py": "the points of a sweep, handed over by another process",
    "cli/__init__.py": "the streams of a command, and the traceback that --debug asks for",
    "view/progress.py": "the bar of a run that is followed in Python, to standard error",
    "cli/predict.py": "reads standard input",
    "completing.py": "what a shell reads: words that were made clean when they were gathered",
    "view/markup.py": "text within SVG and HTML",
    "observers.py": "the bundled observer that tells a person, on standard error",
}
"""The files that may touch the process's streams, or write a text into SVG and HTML themselves."""

_ONLY_THERE = re.compile(
    r"print|input|click\.(echo|secho|style|prompt|confirm|pause|clear|progressbar)|Console"
    r"|rich\.print|sys\.(stdin|stdout|stderr|__stdout__|__stderr__)|traceback\.print_\w+"
    r"|(html|saxutils)?\.?(escape|quoteattr)|logging\.\w+"
)


def printing(package: Path) -> list[str]:
    """Lines that print, or escape for SVG and HTML, outside of the files meant for that."""
    found = []
    for path in sorted(package.rglob("*.py")):
        inside = path.relative_to(package).as_posix()
        if inside in PRINTERS or inside.startswith("sphinxext/"):
            continue
        text = path.read_text(encoding="utf-8")
        found += [f"{inside}:{line} uses {name}" for line, name in _printing_in(text)]
    return found


@cache
def _printing_in(text: str) -> tuple[tuple[int, str], ...]:
    """Line and name of what prints or escapes in a text."""
    found = []
    for node in ast.walk(ast.parse(text)):
        used = node.func if isinstance(node, ast.Call) else node
        name = ast.unparse(used) if isinstance(used, ast.Name | ast.Attribute) else ""
        called = isinstance(node, ast.Call) or name.startswith("sys.")
        if called and _ONLY_THERE.fullmatch(name):
            found.append((node.lineno, name))
    return tuple(found)
