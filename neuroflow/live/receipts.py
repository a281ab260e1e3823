"""Why a number on the page is what it is: receipts from the graph of the loss."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

from neuroflow.core.derivatives import gradients
from neuroflow.core.gradient import topological_order
from neuroflow.core.module import evaluating
from neuroflow.core.protocols.calls import Call
from neuroflow.core.value import Value
from neuroflow.core.vectors import mean
from neuroflow.errors import InputError, did_you_mean
from neuroflow.evaluation.answers import class_of
from neuroflow.inspect.explain import explain
from neuroflow.inspect.receipt import Receipt
from neuroflow.inspect.what_if import WhatIf, what_if
from neuroflow.live.telling import Calls, Opened, Telling, gradient_of
from neuroflow.live.words import Wording
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


def loss_of(training: Training, rows: list[int], calls: Calls | None = None) -> Any:
    """The mean loss of some examples with the L2 penalty, as a graph; no dropout."""
    runner = training.runner
    with evaluating(), calls.noted() if calls else nullcontext():
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
    data = training.dataset
    if data.task == "sequence":
        return f"the loss of {data.tokenizer.decode(data.inputs[rows[0]])!r}"
    if len(rows) == 1:
        return f"the loss of example {rows[0]}"
    return f"the mean loss of {len(rows)} examples" + (
        " with the penalty" if training.runner.l2 else ""
    )


def of_parameter(
    training: Training, name: Any, row: Any = None, opened: Opened = ()
) -> dict[str, Any]:
    """The gradient of the loss by one weight or bias, term by term."""
    parameter = parameter_named(training, name)
    rows = _rows(training, row)
    telling = _telling(training, rows)
    loss = loss_of(training, rows, telling.calls)
    receipt = explain(parameter, loss, model=training.model, top=TOP)
    assert isinstance(receipt, Receipt)
    words, of = telling.words.parameter(name), _about(training, rows)
    return {
        "title": name,
        "words": words,
        "value": parameter.data,
        "of": of,
        **sentences(f"{_begun(words)} is {parameter.data:.4g}.", slope_said(receipt.gradient, of)),
        **gradient_of(receipt, telling, opened),
    }


def _telling(training: Training, rows: list[int]) -> Telling:
    is_text = training.dataset.task == "sequence"
    tokens = training.dataset.inputs[rows[0]] if is_text else ()
    return Telling(Wording(training), rows=rows, tokens=tokens)


def _begun(words: str) -> str:
    return words[:1].upper() + words[1:]


def slope_said(gradient: float, of: str) -> str:
    """What a slope means: what happens to the loss if the number grows a little."""
    if gradient == 0:
        return f"If it grows a little, {of} does not change: the slope is 0."
    way = "grows" if gradient > 0 else "falls"
    return f"If it grows a little, {of} {way} {abs(gradient):.3g} times as much."


def sentences(first: str, more: str) -> dict[str, str]:
    """A receipt in words: all of them, to be heard, and what is more than its heading says."""
    return {"said": f"{first} {more}".strip(), "more": more}


def of_neuron(
    training: Training, path: Any, row: Any = None, opened: Opened = ()
) -> dict[str, Any]:
    """What a neuron computes for one example, and how the loss depends on it."""
    modules = dict(training.model.named_modules())
    neuron = modules.get(path) if isinstance(path, str) else None
    if neuron is None or "weights" not in vars(neuron):
        raise InputError(f"there is no neuron {str(path)[:80]!r} in this model", got=path)
    k = row_number(training, 0 if row is None else row)
    telling = _telling(training, [k])
    loss = loss_of(training, [k], telling.calls)
    order = topological_order(loss)
    inside = [node for node in order if node.op is not None and str(node.scope) == path]
    if not inside:
        raise InputError(f"the loss of example {k} does not pass through {path}")
    total = inside[-1]
    receipt = explain(total, loss, model=training.model, top=TOP)
    assert isinstance(receipt, Receipt)
    after = [node for node in order if total in node.inputs and node is not loss]
    then = after[0] if len(after) == 1 and isinstance(after[0].call, Call) else None
    of = _about(training, [k])
    words = telling.words.module(str(path))
    return {
        "title": path,
        "words": words,
        "value": total.data,
        "after": then.data if then else None,
        "activation": then.op.name if then and then.op else "",
        "terms": _terms(neuron, inside, telling, str(path)),
        "of": of,
        "row": k,
        **sentences(
            f"{_begun(words)} adds up {total.data:.4g} for example {k}.",
            f"{_activated(then)} {slope_said(receipt.gradient, of)}".strip(),
        ),
        **gradient_of(receipt, telling, opened),
    }


def _activated(then: Value | None) -> str:
    """What the activation makes of it; why nothing is learned where it is closed."""
    if then is None or then.op is None:
        return ""
    said = f" {_begun(then.op.name)} makes it {then.data:.4g}"
    slopes = then.op.partials_at(then.data, *[x.data for x in then.inputs])
    if then.op.kinks and len(slopes) == 1 and slopes[0] == 0:
        return f"{said}: it is closed here, the slope is 0, so nothing before it learns from this."
    return f"{said}."


def _terms(neuron: Any, inside: list[Value], telling: Telling, path: str) -> list[dict[str, Any]]:
    """The products that a neuron adds up: each weight with what it multiplies."""
    weights = list(vars(neuron)["weights"])
    dots = [node for node in inside if node.op is not None and node.op.step == "dot"]
    if not dots or len(dots[0].inputs) != 2 * len(weights):
        return []
    inputs = dots[0].inputs[len(weights) :]
    terms = [
        {
            "name": f"w{i}",
            "words": telling.words.parameter(f"{path}.weights.{i}").rpartition(" in ")[0],
            "weight": w.data,
            "input": x.data,
            "product": w.data * x.data,
        }
        for i, (w, x) in enumerate(zip(weights, inputs, strict=True))
    ]
    bias = vars(neuron).get("bias")
    if isinstance(bias, Value):
        terms.append(
            {
                "name": "bias",
                "words": "bias",
                "weight": bias.data,
                "input": 1.0,
                "product": bias.data,
            }
        )
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
    target, said = data.targets[k], _point_said(training, k, list(outputs), loss.data)
    return {
        "title": f"example {k}",
        "words": f"example {k}",
        "row": k,
        "inputs": [
            {"name": x.name, "value": raw, "slope": slope}
            for x, raw, slope in zip(xs, data.take([k]).raw_inputs[0], slopes, strict=True)
        ],
        "target": data.labels[target] if data.labels else target,
        "outputs": [output.data for output in outputs],
        "loss": loss.data,
        **sentences("", said),
        "steepest": _steepest(training, loss),
    }


def _point_said(training: Training, k: int, outputs: list[Any], loss: float) -> str:
    """What the network says to an example, and whether that is right."""
    data = training.dataset
    if data.task == "regression":
        return f"Example {k}: its loss is {loss:.4g}."
    answer = [output.data for output in outputs]
    found = class_of(answer if len(answer) > 1 else answer[0])
    right = "rightly so" if found == data.targets[k] else "which is wrong"
    of_class = f"is of class {data.labels[data.targets[k]]}" if data.labels else "has its class"
    told = data.labels[found] if data.labels else found
    easy = ": nothing is learned from it any more" if loss == 0 else ""
    return (
        f"Example {k} {of_class}; the network says {told}, {right}. Its loss is {loss:.4g}{easy}."
    )


def _steepest(training: Training, loss: Any) -> list[dict[str, Any]]:
    """The parameters that this loss would change with most."""
    parameters = dict(training.model.named_parameters())
    words, slopes = Wording(training), gradients(loss, list(parameters.values()))
    order = sorted(zip(parameters.items(), slopes, strict=True), key=lambda pair: -abs(pair[1]))
    return [
        {"name": name, "words": words.parameter(name), "value": p.data, "gradient": slope}
        for (name, p), slope in order[:TOP]
        if slope
    ]


def of_change(training: Training, name: Any, by: float) -> dict[str, Any]:
    """What adding ``by`` to a parameter does to the loss: predicted, and found."""
    parameter = parameter_named(training, name)
    rows = _rows(training, None)[:40]
    loss = loss_of(training, rows)
    found = what_if(loss, {name: by}, model=training.model)
    about = _about(training, rows)
    surprise = _surprise(loss, parameter, by, found)
    return {"name": name, "by": by, "of": about, "surprise": surprise, **found.to_dict()}


def _surprise(loss: Any, parameter: Value, by: float, found: WhatIf) -> str:
    """Why the loss changes otherwise than slope and curvature predict; empty where it does not."""
    missed = abs(found.actual - found.predicted)
    if missed <= max(0.2 * abs(found.actual), 1e-3 * abs(found.before), 1e-9):
        return ""
    crossed = _kinks_crossed(loss, parameter, by)
    if not crossed:
        return "The curve bends more than slope and curvature at this place can tell."
    told = " and ".join(
        f"{name} {count} time{'s' * (count > 1)}" for name, count in crossed.items()
    )
    return (
        f"Slope and curvature are those of this place; on the way kinks are crossed: {told}"
        " opens or closes."
    )


def _kinks_crossed(loss: Any, parameter: Value, by: float) -> dict[str, int]:
    """How often each op with a kink has its input on the other side of it after a change."""
    now: dict[Value, float] = {parameter: parameter.data + by}
    crossed: dict[str, int] = {}
    for node in topological_order(loss):
        if node.op is None or not any(x in now for x in node.inputs):
            continue
        before, after = [x.data for x in node.inputs], [now.get(x, x.data) for x in node.inputs]
        now[node] = float(node.op.forward(*after))
        kinks = [kink for kink in node.op.kinks if isinstance(kink, float)]
        if len(before) == 1 and any((before[0] > k) != (after[0] > k) for k in kinks):
            crossed[node.op.name] = crossed.get(node.op.name, 0) + 1
    return crossed
