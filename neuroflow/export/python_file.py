"""Eject: a model as one Python file that needs nothing but Python.

It is the code that runs here, with the model's numbers: the layers, ops and losses are copied from
their own sources, so the file answers bit for bit as the model does, and can be read in one go.
"""

from __future__ import annotations

import inspect
import json
import random
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import astuple

from neuroflow.buffer import Buffer, number_in
from neuroflow.checkpoint.arrays import grouped
from neuroflow.checkpoint.origin import own_version
from neuroflow.core.configured import fields
from neuroflow.core.functions import abs as abs_op
from neuroflow.core.functions import pow as pow_op
from neuroflow.core.module import Module
from neuroflow.core.no_grad import no_grad
from neuroflow.core.update_rule import UpdateRule
from neuroflow.core.value import Op, Value
from neuroflow.data.dataset import standardized
from neuroflow.data.facts import DataFacts
from neuroflow.data.notation import MISSING
from neuroflow.engine.runner import clip_scale, numbers_of
from neuroflow.errors import one_line, raised
from neuroflow.export.columns import PlainColumn, plain_columns
from neuroflow.export.examples import example_of, flat, takes_ids
from neuroflow.export.sources import OPS, PARTS, Sources, fields_needed, template
from neuroflow.files import in_shell
from neuroflow.training.steps import Training

MOST_IN_FILE = 4000
"""Models of more numbers keep them in a JSON file beside."""

_PREPARING = [
    "    pairs = zip(COLUMNS, row, strict=True)",
    "    row = [x for column, cell in pairs for x in numbers_in(column, cell)]",
]

WIDTH = 72
"""Of a line in the file, before its indentation."""

NOT_PART = ("training", "trained_on", "_names")


def python_file(model: Module, path: Path, training: Training | None = None) -> dict[Path, str]:
    """The text of each file: of the program at ``path``, and of its numbers if they are many.

    With the ``training`` of the model's run, the program can train too. Raises
    :class:`InputError` for a model with a part that has no source.
    """
    return Ejected(model.eval(), path, training).texts()


class Ejected:
    """The file in the making."""

    def __init__(self, model: Module, path: Path, training: Training | None) -> None:
        self.model, self.path, self.training = model, path, training
        self.facts = model.trained_on or DataFacts()
        self.sources = Sources()
        self.sources.imports.update(("import json", "import sys", "from pathlib import Path"))
        state: Any = dict(model.named_values())
        self.weights = grouped(state)
        self._tensors = {id(v): name for name, (_, vs) in self.weights.items() for v in vs}
        self._places: dict[int, str] = {}
        for name, (shape, values) in self.weights.items():
            self._place(f"WEIGHTS[{json.dumps(name)}]", shape, values)

    def _place(self, path: str, shape: Sequence[int], values: list[Any]) -> None:
        """Where in the file each parameter is found."""
        if not shape:
            self._places[id(values[0])] = path
            return
        size = len(values) // shape[0]
        for k in range(shape[0]):
            self._place(f"{path}[{k}]", shape[1:], values[k * size : (k + 1) * size])

    def texts(self) -> dict[Path, str]:
        """All files; the program is tried before it is given."""
        made = f"model = {self._expression(self.model)}"
        trains = self._training() if self.training else ""
        asks = self._asking()
        names = {"POW": self.sources.name(pow_op, "pow"), "ABS": self.sources.name(abs_op, "abs")}
        prelude = template("prelude")
        for word, name in names.items():
            prelude = prelude.replace(f"{word}(", f"{name}(")
        numbers, beside = self._numbers()
        pieces = self.sources.pieces
        parts = [
            self._title(),
            "\n".join(sorted(self.sources.imports, key=lambda line: (line[0] == "f", line))),
            _heading("Numbers that know where they come from"), prelude,
            _heading("What is computed with them, and the derivatives"), *pieces[OPS],
            _heading("The network, part by part"), *pieces[PARTS],
            _heading("Its numbers"), numbers,
            _heading("The model"), made,
            _heading("Asking it"), asks,
            *([_heading("Training it"), trains] if trains else []),
            self._main(bool(trains)),
        ]  # fmt: skip
        text = "\n\n\n".join(part.strip("\n") for part in parts) + "\n"
        self._check(text, beside)
        return {self.path: text, **({self._json: json.dumps(beside)} if beside else {})}

    @property
    def _json(self) -> Path:
        return self.path.with_suffix(".json")

    def _title(self) -> str:
        what = type(self.model).__name__
        columns = [in_shell(column.name) for column in plain_columns(self.facts)]
        data = f", trained on {one_line(self.facts.name)}" if self.facts.name else ""
        name = in_shell(self.path.name)
        given = " ".join(columns or map(str, flat(example_of(self.model))))
        lines = [
            f"{what}{data}: {len(self.model.parameters())} parameters, in plain Python.",
            "", f"    python {name} {given}",
            f"    python {name} < rows.txt",
        ]  # fmt: skip
        if self.training:
            trained = in_shell(f"{self.path.stem}.trained.json")
            lines += [f"    python {name} --train 100"]
            lines += [f"    python {name} --numbers {trained} {given}"]
        text = "\n".join([*lines, "", f"Written by neuroflow {own_version()}."])
        return '"""' + text.replace("\\", r"\\").replace('"', r"\"") + '"""'

    # The network

    def _expression(self, thing: Any) -> str:
        """What builds a part of the model again."""
        if isinstance(thing, Value):
            return self._value(thing)
        if isinstance(thing, (list, tuple)):
            return self._list(thing)
        if isinstance(thing, dict):
            inside = ", ".join(f"{k!r}: {self._expression(x)}" for k, x in thing.items())
            return f"{{{inside}}}"
        if isinstance(thing, random.Random):
            self.sources.imports.add("import random")
            return "random.Random(0)"
        plain = thing is None or isinstance(thing, (bool, int, float, str, Op)) or callable(thing)
        own = type(thing).__module__.partition(".")[0] not in ("builtins", "functools")
        if isinstance(thing, Module) or (own and not isinstance(thing, Op) and _is_object(thing)):
            return self._object(thing)
        if plain:
            return self.sources.literal(thing)
        raise self.sources.refusal(f"{thing!r} of type {type(thing).__name__}")

    def _object(self, thing: Any) -> str:
        needed = fields_needed(type(thing))
        given = [
            f"{name}={self._expression(x)}"
            for name, x in fields(thing)
            if name in needed and name not in NOT_PART
        ]
        return broken(f"{self.sources.part(type(thing))}(", given, ")")

    def _value(self, value: Value) -> str:
        if id(value) in self._places:
            return self._places[id(value)]
        return f"Value({self.sources.literal(value.data)})"

    def _list(self, thing: Sequence[Any]) -> str:
        """A list; one that is a whole tensor by its name."""
        values = flat(thing)
        if values and all(isinstance(x, Value) for x in values):
            name = self._tensors.get(id(values[0]))
            if name is not None and [*map(id, values)] == [*map(id, self.weights[name][1])]:
                return f"WEIGHTS[{json.dumps(name)}]"
        inside = [*map(self._expression, thing)]
        return broken("[", inside, "]") if isinstance(thing, list) else broken("(", inside, ",)")

    # Its numbers

    def _numbers(self) -> tuple[str, dict[str, Any]]:
        """The text, and what stands in a file beside."""
        kept = [n for n, (_, vs) in self.weights.items() if all(isinstance(v, Buffer) for v in vs)]
        named = {name: _nested(shape, vs) for name, (shape, vs) in self.weights.items()}
        examples = self._examples() if self.training else []
        count = sum(len(vs) for _, vs in self.weights.values()) + len(flat(examples))
        beside = {"numbers": named, "examples": examples} if count > MOST_IN_FILE else {}
        lines = [f"BUFFERS = {kept!r}"]
        if beside:
            place = f"Path(__file__).with_name({json.dumps(self._json.name)})"
            lines += [f"BESIDE = json.loads({place}.read_text())"]
            lines += ['NUMBERS, EXAMPLES = BESIDE["numbers"], BESIDE["examples"]']
        else:
            rows = [f"    {json.dumps(name)}: {json.dumps(x)}," for name, x in named.items()]
            lines += ["NUMBERS = {", *rows, "}"]
            rows = [f"    {json.dumps(x)}," for x in examples]
            lines += ["EXAMPLES = [", *rows, "]"] if rows else []
        lines += [
            "WEIGHTS = {name: as_values(numbers) for name, numbers in NUMBERS.items()}",
        ]  # fmt: skip
        return "\n".join(lines), beside

    def _examples(self) -> list[Any]:
        assert self.training is not None
        runner = self.training.runner
        return [[_plain(x) for x in runner.example(k)] for k in range(len(runner.examples))]

    # Asking and training

    def _asking(self) -> str:
        scale, ids = self.facts.standardization, takes_ids(example_of(self.model))
        labels = list(self.facts.labels) if self.facts.task in ("binary", "classes") else []
        lines = [f"LABELS = {labels!r}"]
        if scale is not None:
            self.sources.imports.add("import math")
            function = self.sources.name(standardized, "standardized")
            lines += [f"MEANS = {list(scale.means)!r}", f"DEVIATIONS = {list(scale.deviations)!r}"]
            reads = f"[{function}(*column) for column in zip(row, MEANS, DEVIATIONS, strict=True)]"
            meaning = "each column less its mean, over its deviation"
        else:
            reads, meaning = "row", "as it is"
        columns = plain_columns(self.facts)
        lines += self._columns(columns)
        told = f'    """A raw row as the model takes it: {meaning}."""'
        lines += ["", "", "def prepared(row):", told]
        count = len(columns) or (len(scale.means) if scale is not None else 0)
        if count:
            taken = f"{count} {'cells' if columns else 'numbers'}"
            lines += [
                f"    if len(row) != {count}:",
                f'        raise ValueError(f"got {{len(row)}}, and the model takes {taken}")',
            ]
        lines += _PREPARING if columns else []
        lines += [f"    return {reads}"]
        read = "str(" if columns else "int(" if ids else "float("
        asks = template("ask").replace("READ(", read)
        return "\n".join(lines) + "\n\n\n" + asks

    def _columns(self, columns: tuple[PlainColumn, ...]) -> list[str]:
        """What becomes of the cells of a table, if they are not just numbers."""
        if not columns:
            return []
        self.sources.imports.add("import csv")
        rows = [f"    {astuple(column)!r}," for column in columns]
        missing = f"MISSING = {sorted(MISSING)!r}"
        meaning = (
            "# name, words, place or one-hot, unknown ones are zeros, where missing, indicator"
        )
        return [meaning, "COLUMNS = [", *rows, "]", missing, "", "", template("columns").rstrip()]

    def _training(self) -> str:
        assert self.training is not None
        runner, sources = self.training.runner, self.sources
        sources.imports.add("import random")
        loss = sources.name(runner.example_loss, "example_loss")
        rule: UpdateRule = runner.rule
        update = sources.name(rule.rule, rule.name)
        given = {
            **runner.settings,
            "learning_rate": self.training.rate_at(self.training.step - 1),
        }
        wanted = {k: x for k, x in given.items() if k in rule.settings or k in _words(rule)}
        words = [f"{key}={sources.literal(x)}" for key, x in wanted.items()]
        words += ["step=step"] if "step" in _words(rule) else []
        text = (
            template("train").replace("UPDATE(", f"{update}(").replace("SETTINGS", ", ".join(words))
        )
        text = text.replace("RULE", rule.name).replace("example_loss(", f"{loss}(")
        text = text.replace("        CLIPPED\n", self._clipping())
        size = self.training.batches.size
        return (
            f"BATCH, L2 = {size}, {runner.l2!r}\nSTARTS = {self._starts()!r}\n"
            f'"""How many parameters begin with which state of {rule.name}; None: they are frozen.'
            f'"""\n\n\n{text}'
        )

    def _clipping(self) -> str:
        """The lines that make a long gradient shorter, if the run does."""
        assert self.training is not None
        limit = self.training.runner.clip_norm
        if limit is None:
            return ""
        self.sources.imports.add("import math")
        scale = self.sources.name(clip_scale)
        lines = [
            f"scale = {scale}(math.sqrt(sum(slope * slope for slope in slopes)), {limit!r})",
            "slopes = [scale * slope for slope in slopes]",
        ]
        return "".join(f"        {line}\n" for line in lines)

    def _starts(self) -> list[list[Any]]:
        """Runs of parameters whose optimizer begins alike: how many, and with what."""
        assert self.training is not None
        runner, runs = self.training.runner, list[list[Any]]()
        named: Any = dict(self.model.named_parameters())
        frozen = set(self.model.frozen)
        for name in named:
            start: list[Any] = [
                runner.starts[s](name) if s in runner.starts else 0.0 for s in runner.rule.state
            ]
            if name in frozen:
                start = [None]
            if runs and runs[-1][1:] == start:
                runs[-1][0] += 1
            else:
                runs.append([1, *start])
        return runs

    def _main(self, trains: bool) -> str:
        lines = ['if __name__ == "__main__":', "    words = sys.argv[1:]"]
        if trains:
            lines += ['    if words[:1] == ["--train"]:',
                      '        train(int(words[1]) if words[1:] else 100)', "        sys.exit()",
                      '    if words[:1] == ["--numbers"]:', "        load(Path(words[1]))",
                      "        words = words[2:]"]  # fmt: skip
        lines += [
            "    if words:",
            "        ask(words)",
            "    else:",
            f"        for row in {self._rows()}:",
            "            if row:",
            "                ask(row)",
        ]
        return "\n".join(lines)

    def _rows(self) -> str:
        """What reads rows from standard input; words may hold blanks and, in quotes, commas."""
        if plain_columns(self.facts):
            return "csv.reader(sys.stdin)"
        return '(line.replace(",", " ").split() for line in sys.stdin)'

    def _check(self, text: str, beside: dict[str, Any]) -> None:
        """Try the program: it has to answer as the model does, to the bit."""
        x = example_of(self.model)
        lines = [line for line in text.split("\n") if not line.startswith("BESIDE = ")]
        scope: dict[str, Any] = {
            "__name__": "ejected", "__file__": str(self.path), "BESIDE": beside,
        }  # fmt: skip
        try:
            exec(compile("\n".join(lines), str(self.path), "exec"), scope)
            got = scope["numbers_of"](scope["model"](x))
        except Exception as error:
            what = f"{type(self.model).__name__}, as {raised(error)},"
            raise self.sources.refusal(what) from error
        with no_grad():
            expected = numbers_of(self.model(x))
        if json.dumps(got) != json.dumps(expected):
            raise self.sources.refusal(
                f"{type(self.model).__name__}, which answers otherwise there,"
            )


def broken(start: str, parts: list[str], end: str) -> str:
    """A call or a list, one part a line where it does not fit in one.

    >>> print(broken("f(", ["a=1", "b=" + 80 * "x"], ")"))  # doctest: +ELLIPSIS
    f(
        a=1,
        b=xxx...,
    )
    """
    line = f"{start}{', '.join(parts)}{end}"
    if len(line) <= WIDTH and "\n" not in line:
        return line
    lines = [textwrap.indent(part, "    ") + "," for part in parts]
    return "\n".join([start, *lines, end.lstrip(",")])


def _plain(x: Any) -> Any:
    return [_plain(each) for each in x] if isinstance(x, (list, tuple)) else x


def _nested(shape: Sequence[int], values: Sequence[Any]) -> Any:
    """The numbers of a tensor as nested lists."""
    if not shape:
        return number_in(values[0]) if isinstance(values[0], Buffer) else values[0].data
    size = len(values) // shape[0]
    parts = [values[k * size : (k + 1) * size] for k in range(shape[0])]
    return [_nested(shape[1:], part) for part in parts]


def _is_object(thing: Any) -> bool:
    """Whether it is an instance of a class written in Python, no function or class itself."""
    return (
        not inspect.isroutine(thing) and not inspect.isclass(thing) and hasattr(thing, "__dict__")
    )


def _words(rule: UpdateRule) -> set[str]:
    """What a rule takes by name."""
    found = inspect.signature(rule.rule).parameters.values()
    return {p.name for p in found if p.kind is p.KEYWORD_ONLY}


def _heading(words: str) -> str:
    return f"# {words} {'-' * (88 - len(words))}"
