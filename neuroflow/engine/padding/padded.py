"""Padded functions: a text filled up to one of a few lengths gives what it gives as it is.

What fills a text up repeats its last token, counts nothing, and is cut off what is given back.
Every random number that the text draws as it is is drawn, in the same order, and no other.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from attrs import define

from neuroflow.core.vectors import dot
from neuroflow.engine.padding.lengths import few_lengths
from neuroflow.engine.padding.prefix import TextGraph, begins_as
from neuroflow.engine.plan.function import MANY_TRACES, Fitted, Taped, Trace, TracedFunction
from neuroflow.engine.plan.graph import view_of
from neuroflow.engine.trace.structure import Structure, leaves
from neuroflow.errors import NeuroflowWarning


class LengthsWarning(NeuroflowWarning):
    """Texts of many lengths are compiled one length after the other, which takes long."""


class NotPadded(Exception):
    """A function of texts gives something else for a text that is filled up."""


@define(eq=False)
class Texts:
    """What is known of the texts of a run: the lengths to fill up to, and some to compare with."""

    lengths: tuple[int, ...]
    shortest: tuple[int, ...]
    count: int
    """How many lengths there are."""

    why_not: str = ""
    """Why none is filled up any more, if that is so."""

    def fitting(self, length: int) -> int | None:
        """The length to fill a text up to; none for one that is longer than all."""
        return next((most for most in self.lengths if length <= most), None)

    def compared(self, length: int) -> tuple[int, ...]:
        """Shorter lengths whose traces that of such a text must begin with."""
        below = [most for most in self.lengths if most < length][-1:]
        return (*self.shortest, *below)

    def stop(self, why: str) -> None:
        """Fill up none from here on, and say once that many lengths take long."""
        if not self.why_not and self.count >= MANY_TRACES:
            told = LengthsWarning(
                f"texts of {self.count} lengths are compiled each by itself: {why}, so that none"
                " can be filled up to another's length",
                remedy="cut them to a few lengths, or to a smaller block_size",
            )
            warnings.warn(told, stacklevel=6)
        self.why_not = why


def texts_of(examples: Sequence[Sequence[Any]]) -> Texts | None:
    """The texts of examples; None where they are none, or have few lengths anyway.

    Only lists are looked through: what makes examples when asked may make others each time.
    """
    if not isinstance(examples, (list, tuple)):
        return None
    if not all(example and _is_text(example[0]) for example in examples):
        return None
    known = sorted({len(example[0]) for example in examples})
    lengths = few_lengths(len(example[0]) for example in examples)
    return Texts(lengths, tuple(known[:2]), len(known)) if lengths else None


@define(eq=False, kw_only=True)
class FilledUp(TracedFunction):
    """A function of whole texts, for the few lengths: each trace is looked at before it is planned.

    Where it is ``masked`` its last node is the dot product of shares and losses; else it answers
    with a list, an entry for each of the last positions.
    """

    texts: Texts
    masked: bool

    def _planned(self, structure: Structure, taped: Taped) -> Trace:
        """The trace, if it begins as those of shorter texts; raises :class:`NotPadded` if not."""
        text = self._text(structure, taped)
        if text.looks_ahead():
            raise NotPadded("what the model says of a token depends on later tokens")
        for length in self.texts.compared(text.length):
            shorter = tuple([entry[:length] for entry in structure])
            if not begins_as(text, self._text(shorter, self._taped(shorter))):
                raise NotPadded("what the model says of a token depends on how long the text is")
        trace = super()._planned(structure, taped)
        trace.positions_of_draws = text.positions_of_draws().tolist()
        return trace

    def _text(self, structure: Structure, taped: Taped) -> TextGraph:
        tracer, cells, outputs, written = taped
        if written:
            raise NotPadded("the model writes into a buffer")
        graph = view_of(tracer.tape, cells)
        length, draws = len(structure[0]), tracer.random_inputs
        if not self.masked:
            each = _grouped(cells, outputs)
            return TextGraph(graph, length, len(structure), draws, each, len(graph))
        end = cells[0]
        inputs = graph.inputs_of(end)
        losses = inputs[len(inputs) // 2 :]
        return TextGraph(graph, length, len(structure), draws, [[x] for x in losses], end)


def masked(losses: Callable[..., Sequence[Any]]) -> Callable[..., Any]:
    """The loss of a text that is filled up: each position counts as much as its share says.

    ``losses(model, tokens, targets)`` gives the loss at each of the last positions.
    """

    def masked_loss(model: Any, tokens: Any, targets: Any, shares: Any) -> Any:
        each = losses(model, tokens, targets)
        return dot(shares[len(shares) - len(each) :], each)

    return masked_loss


def _grouped(cells: Sequence[int], outputs: Structure) -> list[list[int]]:
    """The cells of the answer at each position."""
    if not isinstance(outputs, tuple):
        raise NotPadded("the model gives no answer for each token")
    left: Iterator[int] = iter(cells)
    return [[next(left) for _ in leaves(answer)] for answer in outputs]


@define(eq=False, kw_only=True)
class LengthsFunction(TracedFunction):
    """A function of texts of many lengths, none of which can be filled up: ``why_not`` says why."""

    texts: Texts
    why_not: str

    def _warn(self, structure: Structure) -> None:
        self._warned = True
        self.texts.stop(self.why_not)


@define(eq=False, kw_only=True)
class PaddableFunction(TracedFunction):
    """A function of texts: each is filled up to one of a few lengths where that changes nothing.

    Once a trace has told, or a run, that filling up would change something, every length is traced
    by itself.
    """

    texts: Texts
    filled: FilledUp

    def fitted(
        self, example: Sequence[Any], modes: tuple[bool, ...], known: dict[Any, Trace]
    ) -> Fitted:
        found = self._filled_up(example, modes, known)
        if self.texts.why_not:
            self._warned = True  # it is told already that there are many lengths
        return found or super().fitted(example, modes, known)

    def cut(self, outputs: Any, length: int) -> Any:
        """The answers at the positions that a text has; a loss is one number."""
        if not length or not isinstance(outputs, list):
            return outputs
        return outputs[: len(outputs) - (self.texts.fitting(length) or length) + length]

    def _filled_up(
        self, example: Sequence[Any], modes: tuple[bool, ...], known: dict[Any, Trace]
    ) -> Fitted | None:
        tokens = example[0]
        length = self.texts.fitting(len(tokens)) if _is_text(tokens) else None
        if length is None or self.texts.why_not:
            return None
        try:
            numbers, structure = _padded(example, length, self.filled.masked)
            trace = known.get(structure) or self.filled.trace(structure, modes)
        except NotPadded as error:
            self.texts.stop(str(error))
            return None
        except Exception:  # whatever a model does with a text so long: its own texts tell
            self.texts.stop("one that is filled up does not go through the model")
            return None
        known[structure] = trace
        draws = zip(trace.random_inputs, trace.positions_of_draws, strict=True)
        own = [draw if position < len(tokens) else None for draw, position in draws]
        return Fitted(numbers, structure, trace, own, len(tokens))


def _is_text(tokens: Any) -> bool:
    return isinstance(tokens, (list, tuple)) and set(map(type, tokens)) == {int}


def _padded(example: Sequence[Any], length: int, with_loss: bool) -> tuple[list[float], Structure]:
    """An example filled up, as numbers: tokens, and for a loss the targets and their shares."""
    tokens = list(example[0])
    behind = length - len(tokens)
    numbers: list[float] = tokens + tokens[-1:] * behind
    if not with_loss:
        return numbers, (("i",) * length,)
    targets, (weight,) = list(example[1]), example[2:] or (1.0,)
    before = len(tokens) - len(targets)
    if not _is_text(targets) or before < 0:
        raise NotPadded("its targets are no tokens")
    numbers += targets[:1] * before + targets + targets[-1:] * behind
    numbers += [0.0] * before + [weight / len(targets)] * len(targets) + [0.0] * behind
    return numbers, (("i",) * length, ("i",) * length, ("f",) * length)
