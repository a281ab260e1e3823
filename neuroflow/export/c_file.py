"""C: a model as one file of C99, from the plan of its ``forward``.

Compile it with ``cc -std=c99 -O2 model.c -lm -o model``. Each group of equal nodes is a loop, each
op a function made from its own rule.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from neuroflow.checkpoint.origin import own_version
from neuroflow.core.module import Module
from neuroflow.data.facts import DataFacts
from neuroflow.data.notation import MISSING
from neuroflow.engine.lower.kernel import Kernel, KernelStep, RuleError, forward_kernel
from neuroflow.engine.lower.steps import OPERATORS, reduction_of
from neuroflow.engine.plan.function import Trace, TracedFunction
from neuroflow.engine.plan.plan import Group, Table
from neuroflow.engine.trace.structure import Structure
from neuroflow.engine.trace.tape import Ints, Take
from neuroflow.errors import InputError, one_line
from neuroflow.export.columns import PlainColumn, plain_columns
from neuroflow.export.examples import example_of, takes_ids
from neuroflow.files import in_shell

C_NAMES = {
    "abs": "fabs", "pow": "power", "mod": "modulo", "maximum": "larger", "minimum": "smaller",
}  # fmt: skip
"""Steps that C calls otherwise; its own lose a nan, or give a remainder the other sign."""

HELPERS = {
    "power": "double x, double y) { return x == x && y == y ? pow(x, y) : x + y; }",
    "modulo": "double x, double y)\n{\n    double left = fmod(x, y);\n"
    "    return (y < 0.0 ? left > 0.0 : left < 0.0) ? left + y : left;\n}",
    "larger": "double a, double b) { return a != a ? a : b != b ? b : a > b ? a : b; }",
    "smaller": "double a, double b) { return a != a ? a : b != b ? b : a < b ? a : b; }",
}
STANDARDIZED = """\
static double standardized(double x, double mean, double deviation)
{
    double apart = x - mean;
    return isfinite(apart) ? apart / deviation : x / deviation - mean / deviation;
}"""

INCLUDES = """\
#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>"""
PER_LINE = 6

LEAST_ROOM = 1024
"""Bytes for a cell of a table; more where there are longer words."""


def c_file(model: Module, path: Path) -> dict[Path, str]:
    """The text of the file. Raises :class:`InputError` for what C cannot do, by name."""
    return {path: CProgram(model.eval(), path).text()}


class CProgram:
    """The file in the making."""

    def __init__(self, model: Module, path: Path) -> None:
        self.model, self.path = model, path
        self.facts = model.trained_on or DataFacts()
        self.columns = plain_columns(self.facts)
        x = example_of(model)
        self.ids = takes_ids(x)
        self.length = self._most_tokens() if self.ids else len(x)
        if not self.ids and not all(isinstance(each, float) for each in x):
            raise _refusal(model, "takes rows of rows", "a model of one row of numbers")
        structure: Structure = (("i" if self.ids else "f",) * self.length,)
        traced = TracedFunction(lambda m, xs: m(xs), (model,), model.parameters())
        self.trace: Trace = traced.trace(structure)
        self.plan = self.trace.plan
        if self.trace.random_inputs:
            raise _refusal(model, "draws random numbers", "a model that gives one answer")
        self.ops: dict[Any, str] = {}
        self.functions: list[str] = []
        self.tables: list[str] = []

    def _most_tokens(self) -> int:
        """How many tokens are read: all that a causal model can, for later ones change nothing."""
        told = [getattr(part, "causal", None) for _, part in self.model.named_modules()]
        if {causal for causal in told if causal is not None} != {True}:
            raise _refusal(
                self.model, "reads texts of every length as a whole",
                "a causal language model, or a model of rows",
            )  # fmt: skip
        return int(self.model.configuration()["block_size"])

    def text(self) -> str:
        """The whole file."""
        before = [line for g in self.plan.groups if g.uniform for line in self._group(g)]
        inside = [line for g in self.plan.groups if not g.uniform for line in self._group(g)]
        outputs = self._index("k", self.plan.outputs)
        helpers = self._helpers([*before, *inside])
        parts = [
            self._title(), INCLUDES, self._sizes(), self._data(),
            *helpers, *self.functions, *self.tables,
            f"static double cell[{self.plan.n_cells}];",
            _function("prepare(void)", "What depends on the model's numbers alone.", before),
            f"static int output(int k) {{ (void)k; return {outputs}; }}",
            self._main(inside),
        ]  # fmt: skip
        return "\n\n".join(parts) + "\n"

    def _helpers(self, lines: list[str]) -> list[str]:
        """The small functions that the program calls."""
        text = "\n".join([*self.functions, *lines])
        found = [f"static double {name}({x}" for name, x in HELPERS.items() if f"{name}(" in text]
        return [*found, *([STANDARDIZED] if self.facts.standardization is not None else [])]

    def _title(self) -> str:
        what = type(self.model).__name__
        data = f", trained on {self.facts.name}" if self.facts.name else ""
        takes = "token ids" if self.ids else "cells" if self.columns else "numbers"
        most = "at most " if self.ids else ""
        names = self.facts.cells
        columns = f" ({', '.join(names)})" if names else ""
        name, stem = in_shell(self.path.name), in_shell(self.path.stem)
        count = len(self.model.parameters())
        given = f"{most}{len(self.columns) or self.length} {takes}{columns}"
        return (
            f"/* {_comment(f'{what}{data}, by neuroflow {own_version()}: {count} parameters.')}\n\n"
            f"   {_comment(f'cc -std=c99 -O2 {name} -lm -o {stem}')}\n"
            f"   {_comment(f'./{stem} ...    {given}')}\n"
            f"   {_comment(f'./{stem} < rows.txt    one row a line')} */"
        )

    def _sizes(self) -> str:
        """The constants of the program."""
        shape = _shape(self.trace.outputs)
        ids = min(self.trace.limits.values(), default=0)
        names = {
            "N_INPUTS": self.length, "LEAST": 1 if self.ids else self.length,
            "N_ROWS": shape[0], "N_COLUMNS": shape[1], "PER_TOKEN": int(self.ids),
            "CHECK_IDS": int(self.ids), "N_IDS": ids, "N_LABELS": len(self._labels()),
        }  # fmt: skip
        return "\n".join(f"#define {name} {value}" for name, value in names.items())

    def _labels(self) -> tuple[str, ...]:
        return (
            self.facts.labels if self.facts.task in ("binary", "classes") and not self.ids else ()
        )

    def _data(self) -> str:
        """The numbers of the model, of its data, and the names of classes."""
        numbers = [*self.plan.constant_numbers(), *[p.data for p in self.model.parameters()]]
        labels = ", ".join(map(_c_text, self._labels() or ("",)))
        lines = [
            f"static const double numbers[] = {{\n{_rows([_number(x) for x in numbers])}\n}};",
            f"static const char *const labels[] = {{{labels}}};",
        ]
        scale = self.facts.standardization
        if scale is not None:
            for name, row in (("means", scale.means), ("deviations", scale.deviations)):
                shown = ", ".join(map(_number, row))
                lines.append(f"static const double {name}[] = {{{shown}}};")
        return "\n".join(lines)

    def _main(self, inside: list[str]) -> str:
        """What asks the model."""
        first = self.plan.n_uniform
        read = self.plan.input_numbers
        number = self._index("k", read) if len(read) else "k"
        shown = "input[number]"
        if self.facts.standardization is not None:
            shown = "standardized(input[number], means[number], deviations[number])"
        reads = [
            f"for (k = 0; k < {len(read)}; k++) {{",
            f"    int number = {number};",
            f"    cell[{first} + k] = {shown};",
            "}",
        ]
        body = _template("main").replace("TAKE", self._taking())
        run = _function("run(void)", "What the model computes.", [*reads, *inside])
        start, _, rest = body.partition("\n\n")
        return "\n\n".join([start, run, _CLASS_OF, rest.rstrip()])

    def _taking(self) -> str:
        """What reads the numbers of a row, or the cells of a table."""
        if not self.columns:
            return _template("numbers").rstrip()
        lines = []
        for k, column in enumerate(self.columns):
            if column.words is not None:
                words = ", ".join(map(_c_text, column.words))
                lines.append(f"static const char *const words_{k}[] = {{{words}}};")
        rows = [f"    {{{', '.join(_facts(k, column))}}}," for k, column in enumerate(self.columns)]
        lines += ["static const column columns[] = {", *rows, "};"]
        text = _template("columns").replace("COLUMNS", "\n".join(lines))
        missing = ", ".join(map(_c_text, sorted(MISSING)))
        known = [word for column in self.columns for word in column.words or ()]
        longest = max([LEAST_ROOM, *(len(word.encode()) + 1 for word in known)])
        text = text.replace("LONGEST", str(longest)).replace("MISSING", missing)
        return text.replace("N_CELLS", str(len(self.columns))).rstrip()

    # Groups

    def _group(self, group: Group) -> list[str]:
        """The loop that computes a group."""
        if isinstance(group.op, Take):
            return self._take(group)
        kind = reduction_of(group.op)
        if kind == "dot":
            a, b = group.halves()
            inner = f"sum += cell[{self._cell(a)}] * cell[{self._cell(b)}];"
            return _loop(group, ["double sum = 0.0;", *_over(a.length, inner)], "sum")
        if kind == "sum":
            table = group.whole()
            inner = f"sum += cell[{self._cell(table)}];"
            return _loop(group, ["double sum = 0.0;", *_over(table.length, inner)], "sum")
        if kind:
            table = group.whole()
            cell = f"cell[{self._cell(table)}]"
            inner = f"best = j ? {C_NAMES[kind]}(best, {cell}) : {cell};"
            return _loop(group, ["double best = 0.0;", *_over(table.length, inner)], "best")
        inputs = group.inputs
        cells = [f"cell[{self._index('k', inputs[:, j])}]" for j in range(inputs.shape[1])]
        return _loop(group, [], f"{self._op(group.op, len(cells))}({', '.join(cells)})")

    def _take(self, group: Group) -> list[str]:
        assert group.index is not None
        table = group.whole()
        lines = [f"int j = (int)input[{self._index('k', group.index)}];"]
        return _loop(group, lines, f"cell[{self._cell(table)}]")

    def _cell(self, table: Table) -> str:
        """The cell of entry ``j`` of node ``k``, in C."""
        rows = table.rows
        strides = {_stride(row) for row in rows}
        which = "k" if table.which is None else self._index("k", table.which)
        if len(strides) == 1 and None not in strides:
            (stride,) = strides
            return (
                f"{self._index(which, rows[:, 0])}{f' + {stride} * j' if stride != 1 else ' + j'}"
            )
        name = self._table(rows.reshape(-1))
        return f"{name}[({which}) * {rows.shape[1]} + j]"

    def _index(self, k: str, column: Ints) -> str:
        """The k-th of some whole numbers: as a formula where they are evenly spaced."""
        stride = _stride(column)
        if stride is not None:
            return _affine(int(column[0]), stride, k)
        return f"{self._table(column)}[{k}]"

    def _table(self, column: Ints) -> str:
        name = f"table_{len(self.tables)}"
        rows = _rows([str(int(x)) for x in column], 16)
        self.tables.append(f"static const int {name}[] = {{\n{rows}\n}};")
        return name

    # Ops

    def _op(self, op: Any, arity: int) -> str:
        """The function of an op, made from its rule."""
        key = (op, arity)
        if key not in self.ops:
            name = self.ops[key] = (
                f"op_{len(self.ops)}_{''.join(c for c in op.name if c.isalnum())}"
            )
            try:
                kernel = forward_kernel(op, arity)
            except RuleError as error:
                raise _refusal(
                    self.model, f"has the op {op.name}: {error.what}",
                    "rules that are straight lines of elementary functions",
                ) from error  # fmt: skip
            self.functions.append(_c_function(name, kernel, op.summary))
        return self.ops[key]


_CLASS_OF = """\
/* The class that an answer means: the largest, or the sign of a single one. */
static int class_of(void)
{
    int j, best = 0;
    if (N_COLUMNS == 1)
        return cell[output(0)] > 0.0;
    for (j = 1; j < N_COLUMNS; j++)
        if (cell[output(j)] > cell[output(best)])
            best = j;
    return best;
}"""


def _facts(k: int, column: PlainColumn) -> list[str]:
    """The fields of a column in C."""
    flags = (column.place, column.zeros, column.fill is not None, column.indicator)
    number = column.fill if isinstance(column.fill, float) else 0.0
    word = column.fill if isinstance(column.fill, str) else ""
    words = "NULL" if column.words is None else f"words_{k}"
    counts = [str(len(column.words or ())), *[str(int(flag)) for flag in flags]]
    return [_c_text(column.name), words, *counts, _number(number), _c_text(word)]


def _template(name: str) -> str:
    return files("neuroflow.export").joinpath("templates", f"{name}.c.txt").read_text("utf-8")


def _c_function(name: str, kernel: Kernel, summary: str) -> str:
    inputs = ", ".join(f"double {x}" for x in kernel.inputs)
    lines = [f"    double {step.name} = {_spelled(step)};" for step in kernel.steps]
    (result,) = kernel.results
    lines.append(f"    return {_operand(result)};")
    return "\n".join(
        [f"/* {_comment(summary)} */", f"static double {name}({inputs})", "{", *lines, "}"]
    )


def _spelled(step: KernelStep) -> str:
    operands = [_operand(x) for x in step.operands]
    if step.function == "where":
        return f"{operands[0]} != 0.0 ? {operands[1]} : {operands[2]}"
    pattern = OPERATORS.get(step.function)
    called = C_NAMES.get(step.function, step.function)
    return pattern.format(*operands) if pattern else f"{called}({', '.join(operands)})"


def _operand(x: str | float) -> str:
    return f"({_number(x)})" if isinstance(x, float) else x


def _number(x: float) -> str:
    if not math.isfinite(x):
        raise InputError(f"the model holds the number {x}", expected="finite numbers", got=x)
    return repr(float(x))


def _loop(group: Group, lines: list[str], result: str) -> list[str]:
    where = f" /* {_comment(group.name + (' in ' + group.scope if group.scope else ''))} */"
    head = f"for (k = 0; k < {group.count}; k++) {{{where}"
    body = [*lines, f"cell[{group.first} + k] = {result};"]
    return [head, *[f"    {line}" for line in body], "}"]


def _over(length: int, inner: str) -> list[str]:
    return [f"for (int j = 0; j < {length}; j++)", f"    {inner}"]


def _function(head: str, meaning: str, lines: list[str]) -> str:
    body = ["int k;", "(void)k;", *lines] if lines else []
    return "\n".join(
        [f"/* {meaning} */", f"static void {head}", "{", *[f"    {x}" for x in body], "}"]
    )


def _affine(first: int, stride: int, k: str) -> str:
    """first + stride k, as a person would write it.

    >>> _affine(0, 1, "k"), _affine(5, 0, "k"), _affine(2, 3, "k")
    ('k', '5', '2 + 3 * k')
    """
    if not stride:
        return str(first)
    k = k if k.isidentifier() else f"({k})"
    return f"{f'{first} + ' if first else ''}{k if stride == 1 else f'{stride} * {k}'}"


def _stride(row: Ints) -> int | None:
    """The distance of evenly spaced whole numbers; None if they are not."""
    if len(row) < 2:
        return 0
    steps = np.diff(row)
    return int(steps[0]) if bool((steps == steps[0]).all()) else None


def _rows(words: Sequence[str], per_line: int = PER_LINE) -> str:
    def lines() -> Iterator[str]:
        for k in range(0, len(words), per_line):
            yield "    " + ", ".join(words[k : k + per_line])

    return ",\n".join(lines()) or "    0"


def _comment(text: str) -> str:
    r"""A text as it may stand in a comment: on one line, which neither ends it nor begins one.

    >>> print(_comment("a*/ b/* c\nd"))
    a* / b/ * c\nd
    """
    return one_line(text).replace("*/", "* /").replace("/*", "/ *").replace("??/", "?? /")


def _c_text(text: str) -> str:
    """A text as C writes it, every unusual byte spelled out."""
    safe = [chr(b) if 32 <= b < 127 and b not in b'"\\?' else f"\\{b:03o}" for b in text.encode()]
    return '"' + "".join(safe) + '"'


def _shape(outputs: Structure) -> tuple[int, int]:
    """Rows and columns of what comes out."""
    if isinstance(outputs, str):
        return 1, 1
    if all(isinstance(entry, str) for entry in outputs):
        return 1, len(outputs)
    return len(outputs), len(outputs[0])


def _refusal(model: Module, what: str, expected: str) -> InputError:
    return InputError(
        f"{type(model).__name__} {what}, which the export to C cannot do",
        expected=expected,
        remedy="export it with --to python, --to onnx or --to safetensors",
    )
