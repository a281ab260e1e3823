"""An example of what a model takes: to try a file with, and to trace."""

from __future__ import annotations

from typing import Any

from neuroflow.core.module import Module
from neuroflow.core.no_grad import no_grad
from neuroflow.errors import InputError, raised, short_repr
from neuroflow.tensors.form import entry_of


def example_of(model: Module) -> Any:
    """Something that a model takes: a row of numbers, or token ids.

    Raises :class:`InputError` where it takes none of what is tried.
    """
    settings, facts = model.configuration(), model.trained_on
    widths = [facts.n_inputs if facts else 0, *(settings.get("sizes") or [])[:1]]
    widths += [settings.get(name) for name in ("inputs", "size", "n_embd")]
    rows: list[Any] = [[0.25 * (k + 1) for k in range(n)] for n in widths if n]
    ids: list[Any] = [[0, 1, 0][:n] for n in (1, 2, 3)]
    entry = entry_of(model)
    declared = list(entry.example_inputs) if entry else []
    texts = facts is not None and facts.tokenizer is not None
    inner = _of_first(settings.get("layers") or [])
    told = ""
    for x in [*ids, *rows] if texts else [*rows, *inner, *declared, *ids]:
        try:
            with no_grad():
                model(x)
        except Exception as error:  # a layer of anyone fails in any way at what it does not take
            told = told or f", such as {short_repr(x)}: {raised(error)}"
            continue
        return x
    raise InputError(
        f"{type(model).__name__} takes neither rows of numbers nor token ids that were tried{told}",
        expected="a model that was trained on data, or a layer whose entry has example_inputs",
    )


def _of_first(layers: Any) -> list[Any]:
    """What the first of the layers takes, if an example is found."""
    if not layers or not isinstance(layers[0], Module):
        return []
    try:
        return [example_of(layers[0])]
    except InputError:  # it says nothing about the whole, which may know its data
        return []


def takes_ids(x: Any) -> bool:
    """Whether an example is one of token ids."""
    return bool(flat(x)) and all(isinstance(each, int) for each in flat(x))


def flat(x: Any) -> list[Any]:
    """All numbers of nested lists, in one row."""
    return [y for each in x for y in flat(each)] if isinstance(x, (list, tuple)) else [x]
