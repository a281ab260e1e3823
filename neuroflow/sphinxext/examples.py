"""Examples on the page of an entry: its docstring, or code made for it; all of it is executed."""

from __future__ import annotations

import doctest
import inspect
from collections.abc import Sequence
from typing import Any

from sphinx.util import logging

from neuroflow.checks.layers.trials import CannotTryError, trial_of
from neuroflow.core.value import Op
from neuroflow.errors import NeuroflowError
from neuroflow.registry.entries import Entry

logger = logging.getLogger(__name__)


def example(entry: Entry, target: Any) -> str:
    """What a page shows: statements and their answers, as at Python's prompt."""
    shown = executed_docstring(target)
    if isinstance(target, Op):
        shown = "\n".join(filter(None, [executed(_op_example(entry, target)), shown]))
    return shown or _generated_example(entry)


def _op_example(entry: Entry, op: Op) -> list[str]:
    """Statements that compute the op and its derivative, at a place inside its domain."""
    from neuroflow.registry.manager import ops_by_name

    numbers = [2.0, 3.0, 0.5, -1.0]
    lines = ["import neuroflow as nf"]
    function = f"nf.ops.{op.name}"
    if ops_by_name().get(op.name) is not op:
        lines.append(f'{op.name} = nf.get("{entry.kind}", "{entry.shortest_name}").load()')
        function = op.name
    if op.vectors:
        names = [p.removesuffix("s") for p in op.parameters]
        for k, name in enumerate(names):
            lines.append(f"{name} = [nf.Value(v) for v in ({1.0 + k}, {-2.0 + k}, {3.0 + k})]")
        call = f"{function}({', '.join(names)})"
        grads = f"[v.grad for v in {names[0]}]"
        return [*lines, f"out = {call}", "out.backward()", "out.data", grads]
    for name, domain in zip(op.parameters, op.domain, strict=True):
        number = next((x for x in numbers if x in domain), 0.5)
        lines.append(f"{name} = nf.Value({number})")
        numbers = numbers[1:] + numbers[:1]
    call = f"{function}({', '.join(op.parameters)})"
    if op.arity == 1 and "." in function:
        call = f"{op.parameters[0]}.{op.name}()"
    grads = ", ".join(f"{name}.grad" for name in op.parameters)
    return [*lines, f"out = {call}", "out.backward()", "out.data", grads]


def _generated_example(entry: Entry) -> str:
    """Code that makes the entry do something small; at least it names it."""
    start = ["import neuroflow as nf"]
    loaded = f'nf.get("{entry.kind}", "{entry.shortest_name}").load()'
    numbers = "[round(draw(rng, 4, 2), 4) for _ in range(3)]"
    tries = {
        "layer": lambda: _layer_example(entry),
        "dataset": lambda: [
            f"data = {loaded}(nf.SplitMix32(1))", "len(data), data.task", "data.inputs[0]",
        ],
        "initializer": lambda: [f"draw = {loaded}", "rng = nf.SplitMix32(1)", numbers],
        "backend": lambda: [
            f'double = nf.compile(lambda x: x + x, backend="{entry.name}")', "double.value(21.0)",
        ],
    }  # fmt: skip
    named = [f'nf.get("{entry.kind}", "{entry.shortest_name}").summary']
    try:
        return executed([*start, *tries.get(entry.kind, lambda: named)()])
    except (CannotTryError, NeuroflowError, TypeError):  # it needs more than can be guessed
        return executed([*start, *named])


def _layer_example(entry: Any) -> list[str]:
    """Build a small one and call it."""
    trial = trial_of(entry, entry.load())  # the small one that the checks build
    known = inspect.signature(entry.load()).parameters
    given = [f"{k}={v!r}" for k, v in trial.settings.items() if v != known[k].default]
    settings = ", ".join([*given, *(["rng=nf.SplitMix32(1)"] if trial.seeded else [])])
    lines = [
        f'layer = nf.build("{entry.shortest_name}", {settings})',
        "len(layer.parameters()), [name for name, _ in layer.named_parameters()][:3]",
    ]
    call = f"layer({', '.join(map(repr, trial.inputs))})"
    result = trial.build()(*trial.inputs)
    return [*lines, call] if len(repr(result)) < 200 else [*lines, f"len({call})"]


def executed(statements: Sequence[str]) -> str:
    """The statements with what they print, as in Python's prompt."""
    scope: dict[str, Any] = {}
    shown = []
    for statement in statements:
        shown.append(f">>> {statement}")
        try:
            code = compile(statement, "<example>", "eval")
        except SyntaxError:
            exec(statement, scope)
            continue
        result = eval(code, scope)
        if result is not None:
            shown.append(repr(result))
    return "\n".join(shown)


def executed_docstring(target: Any) -> str:
    """The examples of a docstring, run; a result that is not as written is a warning."""
    import neuroflow

    text = inspect.getdoc(target) or ""
    rule = target.rule if hasattr(target, "rule") else target
    module = inspect.getmodule(rule)
    scope = {**vars(neuroflow), **(vars(module) if module else {}), "nf": neuroflow}
    name = getattr(target, "__name__", type(target).__name__)
    test = doctest.DocTestParser().get_doctest(text, scope, name, None, 0)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    messages: list[str] = []
    runner.run(test, out=messages.append, clear_globs=False)
    if messages:
        logger.warning("the example of %s does not hold:\n%s", name, "".join(messages))
    lines = []
    for example in test.examples:
        first, *more = example.source.rstrip("\n").split("\n")
        lines += [f">>> {first}", *(f"... {line}" for line in more)]
        lines += [example.want.rstrip("\n")] if example.want else []
    return "\n".join(lines)
