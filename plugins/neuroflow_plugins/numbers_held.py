"""The numbers that a layer holds: given ones as Values, all with their gradients, as a formula."""

from __future__ import annotations

import neuroflow as nf

MOST_TERMS = 6
"""So many weights of a sum are written out."""


def as_value(number):
    """A parameter that begins with a number; a Value is one already, and may be shared.

    >>> as_value(2)
    Value(2.0)
    """
    return number if isinstance(number, nf.Value) else nf.Value(number)


def numbers_of(part):
    """Every Value inside a part as ``{"data": ..., "grad": ...}``, in lists and dicts as they lie.

    A part that tells its ``weights()`` is asked; of any other module it is field by field.

    >>> numbers_of([nf.Value(2.0)])
    [{'data': 2.0, 'grad': 0.0}]
    """
    if isinstance(part, nf.Value):
        return {"data": part.data, "grad": part.grad}
    if isinstance(part, (list, tuple)):
        return [numbers_of(each) for each in part]
    if isinstance(part, nf.Module):
        tell = getattr(part, "weights", None)
        if callable(tell):
            return tell()
        part = {name: held for name, held in vars(part).items() if not name.startswith("_")}
    if isinstance(part, dict):
        return {name: numbers_of(held) for name, held in part.items() if _holds_values(held)}
    return part


def _holds_values(part):
    if isinstance(part, nf.Module):
        return next(part.named_values(), None) is not None
    inner = part.values() if isinstance(part, dict) else part
    return isinstance(part, nf.Value) or (
        isinstance(part, (list, tuple, dict)) and any(map(_holds_values, inner))
    )


def weighted(weights, bias, activation):
    """A weighted sum with its numbers, and what is applied to it.

    >>> weighted([nf.Value(0.5), nf.Value(-2.0)], nf.Value(1.0), "relu")
    'relu(0.5 x0 - 2 x1 + 1)'
    >>> weighted([nf.Value(1.0)] * 9, False, "linear")
    '1 x0 + 1 x1 + 1 x2 + 1 x3 + 1 x4 + 1 x5 + 3 more'
    """
    terms = [f"{_signed(w.data)} x{k}" for k, w in enumerate(weights[:MOST_TERMS])]
    more = len(weights) - len(terms)
    terms += [f"+ {more} more"] if more else []
    terms += [] if bias is False else [_signed(bias.data)]
    total = " ".join(terms)
    total = total.removeprefix("+ ") if total.startswith("+") else f"-{total[2:]}"
    return total if activation == "linear" else f"{activation}({total})"


def _signed(number):
    return f"{'-' if number < 0 else '+'} {abs(number):.4g}"
