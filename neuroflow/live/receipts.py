"""Why a number on the page is what it is: receipts from the graph of the loss."""

from __future__ import annotations

from typing import Any

from neuroflow.core.derivatives import gradients
from neuroflow.core.gradient import topological_order
from neuroflow.core.module import evaluating
from neuroflow.core.value import Value
from neuroflow.core.vectors import mean
from neuroflow.errors import InputError, did_you_mean
from neuroflow.inspect.explain import explain
from neuroflow.inspect.receipt import Receipt
from neuroflow.inspect.what_if import what_if
from neuroflow.training import Training

MOST_EXAMPLES = 100
"""A receipt looks at no more examples, or it would take too long to wait for."""
TOP = 6


def parameter_named(training: Training, name: Any) -> Value:
    """A parameter by its dotted name; raises :class:`InputError`."""
    parameters: dict[str, Value] = dict(training.model.named_values())
    if not isinstance(name, str) or name not in parameters:
        shown = str(name)[:80]
        raise InputError(
            f"there is no parameter {shown!r} in this model",
            remedy=did_you_mean(shown, parameters, ""),
            got=name,
        )
    return parameters[name]


def row_number(training: Training, row: Any) -> int:
    """The number of an example; raises :class:`InputError`."""
    count = len(training.dataset)
    if isinstance(row, bool) or not isinstance(row, int) or not 0 <= row < count:
        raise InputError(
            f"there is no example {str(row)[:40]}", expected=f"a number below {count}", got=row
        )
    return row


def loss_of(training: Training, rows: list[int]) -> Any:
    """The mean loss of some examples with the L2 penalty, as a graph; no dropout."""
    runner = training.runner
    with evaluating():
        losses = [runner.example_loss(training.model, *runner.examples[k]) for k in rows]
    loss: Any = mean(losses)
    if runner.l2:
        loss = loss + runner.l2 * _sum_of_squares(runner.parameters)
    return loss


def _sum_of_squares(parameters: list[Value]) -> Any:
    total: Any = 0.0
    for parameter in parameters:
        total = total + parameter * parameter
    return total


def _rows(training: Training, row: Any) -> list[int]:
    if row is not None:
        return [row_number(training, row)]
    most = 1 if training.dataset.task == "sequence" else MOST_EXAMPLES
    return list(range(min(len(training.dataset), most)))


def _about(training: Training, rows: list[int]) -> str:
    if len(rows) == 1:
        return f"the loss of example {rows[0]}"
    return f"the mean loss of {len(rows)} examples" + (
        " with the penalty" if training.runner.l2 else ""
    )


def of_parameter(training: Training, name: Any, row: Any = None) -> dict[str, Any]:
    """The gradient of the loss by one weight or bias, term by term."""
    parameter = parameter_named(training, name)
    rows = _rows(training, row)
    receipt = explain(parameter, loss_of(training, rows), model=training.model, top=TOP)
    assert isinstance(receipt, Receipt)
    return {
        "title": name,
        "value": parameter.data,
        "of": _about(training, rows),
        **gradient_of(receipt),
    }


def of_neuron(training: Training, path: Any, row: Any = None) -> dict[str, Any]:
    """What a neuron computes for one example, and how the loss depends on it."""
    modules = dict(training.model.named_modules())
    neuron = modules.get(path) if isinstance(path, str) else None
    if neuron is None or "weights" not in vars(neuron):
        raise InputError(f"there is no neuron {str(path)[:80]!r} in this model", got=path)
    k = row_number(training, 0 if row is None else row)
    loss = loss_of(training, [k])
    order = topological_order(loss)
    inside = [node for node in order if node.op is not None and str(node.scope) == path]
    if not inside:
        raise InputError(f"the loss of example {k} does not pass through {path}")
    total = inside[-1]
    receipt = explain(total, loss, model=training.model, top=TOP)
    assert isinstance(receipt, Receipt)
    after = [node for node in order if total in node.inputs and node is not loss]
    return {
        "title": path,
        "value": total.data,
        "after": after[0].data if len(after) == 1 and after[0].op is not None else None,
        "activation": after[0].op.name if len(after) == 1 and after[0].op is not None else "",
        "terms": _terms(neuron, inside),
        "of": _about(training, [k]),
        "row": k,
        **gradient_of(receipt),
    }


def _terms(neuron: Any, inside: list[Value]) -> list[dict[str, Any]]:
    """The products that a neuron adds up: each weight with what it multiplies."""
    weights = list(vars(neuron)["weights"])
    dots = [node for node in inside if node.op is not None and node.op.step == "dot"]
    if not dots or len(dots[0].inputs) != 2 * len(weights):
        return []
    inputs = dots[0].inputs[len(weights) :]
    terms = [
        {"name": f"w{i}", "weight": w.data, "input": x.data, "product": w.data * x.data}
        for i, (w, x) in enumerate(zip(weights, inputs, strict=True))
    ]
    bias = vars(neuron).get("bias")
    if isinstance(bias, Value):
        terms.append({"name": "bias", "weight": bias.data, "input": 1.0, "product": bias.data})
    return terms


def of_point(training: Training, row: Any) -> dict[str, Any]:
    """What the model says to one example, its loss, and where the loss would fall."""
    k = row_number(training, row)
    runner, data = training.runner, training.dataset
    if data.task == "sequence":
        raise InputError(
            "a text is explained by its attention", remedy="choose a square of a heat map"
        )
    inputs, *targets = runner.examples[k]
    xs = [Value(x, name=data.columns[j] if j < len(data.columns) else f"x{j}")
          for j, x in enumerate(inputs)]  # fmt: skip
    model = training.model
    with evaluating():
        answer = model(xs)
        loss = runner.example_loss(model, xs, *targets)
    outputs = answer if isinstance(answer, (list, tuple)) else [answer]
    slopes = gradients(loss, xs)
    target = data.targets[k]
    return {
        "title": f"example {k}",
        "row": k,
        "inputs": [
            {"name": x.name, "value": raw, "slope": slope}
            for x, raw, slope in zip(xs, data.take([k]).raw_inputs[0], slopes, strict=True)
        ],
        "target": data.labels[target] if data.labels else target,
        "outputs": [output.data for output in outputs],
        "loss": loss.data,
        "text": str(explain(loss, model=model, top=TOP)),
    }


def of_change(training: Training, name: Any, by: float) -> dict[str, Any]:
    """What adding ``by`` to a parameter does to the loss: predicted, and found."""
    parameter_named(training, name)
    rows = _rows(training, None)[:40]
    found = what_if(loss_of(training, rows), {name: by}, model=training.model)
    return {"name": name, "by": by, "of": _about(training, rows), **found.to_dict()}


def gradient_of(receipt: Receipt) -> dict[str, Any]:
    """A receipt as a page shows it."""
    return {
        "gradient": receipt.gradient,
        "sum": receipt.total,
        "parts": [
            {
                "node": part.label,
                "op": part.node.op.name if part.node.op else "",
                "scope": str(part.node.scope),
                "derivative": part.derivative,
                "local": part.local,
                "upstream": part.upstream,
                "amount": part.amount,
            }
            for part in receipt.largest
        ],
        "rest": [
            {"scope": rest.scope, "count": rest.count, "amount": rest.amount}
            for rest in receipt.rest
        ],
        "text": receipt.text(),
    }
