"""A graph as a plain Python function of floats, for a page where there is no numpy.

The graph of one call is written down as Python, a line for each node, and compiled; so the next
thousand calls cost a line each, and no Values. A page draws what it says about every place of the
plane with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from neuroflow.core.gradient import topological_order
from neuroflow.core.value import Value

_INFIX = {"add": "{} + {}", "sub": "{} - {}", "mul": "{} * {}", "div": "{} / {}", "neg": "-{}"}
"""The steps that Python has signs for; all other ops are called."""

Rows = Iterable[Sequence[float]]


def on_floats(
    outputs: Sequence[Value], inputs: Sequence[Value], parameters: Sequence[Value]
) -> Callable[[Sequence[float], Rows], list[list[float]]]:
    """``f(numbers of the parameters, rows of inputs)``: the outputs for each row.

    >>> w, x = Value(3.0), Value(2.0)
    >>> f = on_floats([w * x + 1.0, x * x], [x], [w])
    >>> f([10.0], [[1.0], [2.0]])
    [[11.0, 1.0], [21.0, 4.0]]
    """
    names = {p: f"p{k}" for k, p in enumerate(parameters)}
    names |= {x: f"x{k}" for k, x in enumerate(inputs)}
    calls: dict[str, Callable[..., float]] = {}
    lines: list[str] = []
    for node in _in_order(outputs):
        if node in names:
            continue
        if node.op is None:
            names[node] = f"({node.data!r})"
            continue
        names[node] = f"v{len(lines)}"
        lines.append(f"{names[node]} = {_written(node, names, calls)}")
    source = _source(lines, [names[y] for y in outputs], len(parameters), len(inputs))
    found: dict[str, Any] = {}
    exec(compile(source, "<graph on floats>", "exec"), calls, found)  # text made here alone
    return found["run"]  # type: ignore[no-any-return]


def _in_order(outputs: Sequence[Value]) -> list[Value]:
    seen: dict[Value, None] = {}
    for output in outputs:
        if output not in seen:
            seen |= dict.fromkeys(topological_order(output))
    return list(seen)


def _written(node: Value, names: dict[Value, str], calls: dict[str, Callable[..., float]]) -> str:
    assert node.op is not None
    inputs, step = [names[x] for x in node.inputs], node.op.step or ""
    if step in _INFIX:
        return _INFIX[step].format(*inputs)
    half = len(inputs) // 2
    if step == "dot" and half:
        return " + ".join(f"{a} * {b}" for a, b in zip(inputs[:half], inputs[half:], strict=True))
    name = f"f{len(calls)}"
    known = {call: name for name, call in calls.items()}
    name = known.get(node.op.forward, name)
    calls[name] = node.op.forward
    return f"{name}({', '.join(inputs)})"


def _source(lines: list[str], outputs: list[str], n_parameters: int, n_inputs: int) -> str:
    body = "".join(f"        {line}\n" for line in lines)
    parameters = "".join(f"p{k}, " for k in range(n_parameters))
    row = "".join(f"x{k}, " for k in range(n_inputs))
    unpacked = f"    {parameters}= parameters\n" if parameters else ""
    return (
        f"def run(parameters, rows):\n{unpacked}    found = []\n    for {row}in rows:\n{body}"
        f"        found.append([{', '.join(outputs)}])\n    return found\n"
    )
