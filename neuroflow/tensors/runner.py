"""Training in tensors: the same steps as plain Values make, whole batches at once.

The optimizer's rule is the scalar one, run on tensors; batches, seeds and random numbers are those
of every other backend, and so are the losses, but for rounding.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import torch
from torch import Tensor

from neuroflow.engine.lower.kernel import update_kernel
from neuroflow.engine.numbers import read_numbers, write_numbers
from neuroflow.engine.run.undone import Standing, not_made, why_not_made
from neuroflow.engine.run.workers import Workers
from neuroflow.engine.runner import Runner, clip_scale
from neuroflow.errors import BackendError
from neuroflow.locks import lock
from neuroflow.pythonic import finite_number
from neuroflow.tensors.functions import TensorFunction
from neuroflow.tensors.kernels import compiled
from neuroflow.tensors.module import Maker, drawing
from neuroflow.tensors.weights import Outline

DTYPES = {"float64": torch.float64, "float32": torch.float32}


class TensorsRunner(Runner):
    """Trains a model through its module of PyTorch.

    ``loss`` is that of one answer and its target; ``by_token`` says that an example is a text,
    whose loss is the mean over its targets. An example may have a weight as its third part.
    """

    backend = "torch"

    def __init__(
        self, *arguments: Any, loss: Callable[..., Any], by_token: bool, dtype: str, device: str
    ) -> None:
        if dtype not in DTYPES:
            raise BackendError(
                f"training in tensors got the dtype {dtype!r}",
                expected=" or ".join(DTYPES),
                got=dtype,
            )
        self.dtype = DTYPES[dtype]
        self.device = torch.device(_first_device() if device == "auto" else device)
        self.by_token = by_token
        self.loss = TensorFunction("loss", loss)
        self._lock = lock()
        super().__init__(*arguments)
        self._prepare()

    def _exclusively(self) -> Any:
        return self._lock

    def _prepare(self) -> None:
        if self.frozen:
            raise BackendError(
                f"training in tensors moves whole layers, and {len(self.frozen)} parameters are"
                " frozen",
                remedy="leave train.tensors out, or unfreeze them",
            )
        outline = Outline(self.model)
        if self.workers and self.model.buffers():
            raise BackendError(
                "in tensors, a model that writes buffers is trained by one worker alone",
                remedy="train without tensors, or in one process",
            )
        self.module: Any = Maker(self.dtype, self.device, None).module(outline.root)
        number_of = {id(p): k for k, p in enumerate(self.parameters)}
        weights = {id(w): (name, w) for name, w in outline.named().items()}.values()
        self.places = [
            (self.module.get_parameter(name), [number_of[id(v)] for v in weight.values])
            for name, weight in weights
            if not weight.kept
        ]
        self.buffers = [
            (self.module.get_buffer(name), weight.values) for name, weight in weights if weight.kept
        ]
        self._rows: dict[Any, Any] = {}
        self._drawn: dict[Any, list[tuple[random.Random, int]]] = {}
        self._prepare_steps()

    def _prepare_steps(self) -> None:
        self._move = compiled(update_kernel(self.rule, self.settings))
        self._states = [
            [torch.zeros_like(p.detach()) for _ in self.rule.state] for p, _ in self.places
        ]

    # Numbers, from the model's Values and back

    def _read(self) -> None:
        """Take the numbers of the model as they are now."""
        numbers = torch.from_numpy(read_numbers(self.parameters))
        with torch.no_grad():
            for p, places in self.places:
                p.copy_(numbers[places].reshape(p.shape))
            for buffer, values in self.buffers:
                buffer.copy_(torch.tensor([v.data for v in values]).reshape(buffer.shape))

    def _write(self) -> None:
        """Give the model its new numbers."""
        write_numbers(self.parameters, self._in_order([p for p, _ in self.places]))
        for buffer, values in self.buffers:
            write_numbers(values, buffer.cpu().double().reshape(-1).tolist())

    def _in_order(self, tensors: Sequence[Tensor]) -> list[float]:
        """The numbers of tensors in the order of the model's parameters."""
        numbers = [0.0] * len(self.parameters)
        for tensor, (_, places) in zip(tensors, self.places, strict=True):
            row = tensor.detach().cpu().double().reshape(-1).tolist()
            for k, x in zip(places, row, strict=True):
                numbers[k] = x
        return numbers

    # Steps

    def run(self, batches: Sequence[Sequence[int]], learning_rates: Sequence[float]) -> list[float]:
        self.look_again()
        losses = []
        with self._lock:
            self._read()
            try:
                for batch, rate in zip(batches, learning_rates, strict=True):
                    losses.append(self._step(batch, finite_number(rate, "the learning rate")))
            finally:
                self._write()
        return losses

    def _step(self, batch: Sequence[int], rate: float) -> float:
        standing = Standing.of(self.surroundings.generators())
        kept = [buffer.clone() for buffer, _ in self.buffers]
        loss, gradient = self._gradients(batch, self.workers)
        norm = math.sqrt(float(sum((g.double() ** 2).sum() for g in gradient)))
        scale = clip_scale(norm, self.clip_norm)
        moved = [self._updated(k, scale * g, rate) for k, g in enumerate(gradient)]
        finite = all(bool(torch.isfinite(x).all()) for each in moved for x in each)
        if not (math.isfinite(loss) and math.isfinite(norm) and finite):
            standing.restore()
            for (buffer, _), number in zip(self.buffers, kept, strict=True):
                buffer.copy_(number)
            raise not_made(why_not_made(self.steps + 1, loss, norm), rate, batch)
        with torch.no_grad():
            for (p, _), (number, *_) in zip(self.places, moved, strict=True):
                p.copy_(number)
        self._states = [state for _, *state in moved]
        self.steps += 1
        self.gradient_norm = norm
        return loss

    def _updated(self, k: int, gradient: Tensor, rate: float) -> tuple[Tensor, ...]:
        """The new numbers of one tensor, and those of the optimizer."""
        p = self.places[k][0].detach()
        fixed = [torch.tensor(x, dtype=torch.float64, device=p.device) for x in
                 (rate, float(self.steps + 1))]  # fmt: skip
        return self._move(p, gradient, *self._states[k], *fixed)

    def gradients(self, batch: Sequence[int]) -> tuple[float, list[float]]:
        self.look_again()
        with self._lock:
            self._read()
            loss, gradient = self._gradients(batch)
            return loss, self._in_order(gradient)

    def _gradients(
        self, batch: Sequence[int], workers: Workers | None = None
    ) -> tuple[float, list[Tensor]]:
        """The mean loss and its gradient, penalty included."""
        self.module.train(self.model.training)
        parameters = [p for p, _ in self.places]
        own = slice(0, len(batch)) if workers is None else workers.share(len(batch))
        each = [losses.sum() for _, losses in self._losses(batch, own)]
        total = torch.stack(each).sum() if each else sum(p.sum() * 0.0 for p in parameters)
        found = torch.autograd.grad(total / len(batch), parameters, allow_unused=True)
        slopes = [
            torch.zeros_like(p) if g is None else g for p, g in zip(parameters, found, strict=True)
        ]
        total = total.detach()
        if workers is not None:
            total, *slopes = _added_up(workers, [total, *slopes])
        gradient = [g + 2.0 * self.l2 * p.detach() for p, g in zip(parameters, slopes, strict=True)]
        penalty = self.l2 * sum(float((p.detach().double() ** 2).sum()) for p in parameters)
        return float(total) / len(batch) + penalty, gradient

    def losses(self, batch: Sequence[int]) -> list[float]:
        self.look_again()
        with self._lock, torch.no_grad():
            self._read()
            self.module.train(self.model.training)
            found: dict[int, float] = {}
            for places, losses in self._losses(batch):
                found.update(zip(places, losses.tolist(), strict=True))
            return [found[k] for k in range(len(batch))]

    def predict(self, inputs: Sequence[Any]) -> list[Any]:
        self.look_again()
        with self._lock, torch.no_grad():
            self._read()
            self.module.train(self.model.training)
            answers: dict[int, Any] = {}
            for places in _alike([_structure(x) for x in inputs]):
                rows = self._tensor([inputs[k] for k in places])
                answers.update(zip(places, self.module(rows).tolist(), strict=True))
            return [answers[k] for k in range(len(inputs))]

    # Examples, those of one structure at once

    def _losses(
        self, batch: Sequence[int], own: slice = slice(None)
    ) -> list[tuple[list[int], Tensor]]:
        """For the examples of each structure: their places in the batch, and their losses.

        Those of the ``own`` part alone; random numbers are drawn for all.
        """
        examples = [self.example(k) for k in batch]
        kinds = [_structure(example) for example in examples]
        groups = _alike(kinds)
        if self.buffers and len(groups) > 1 and self.module.training:
            raise BackendError(
                "in tensors, a model that writes buffers trains on examples of one shape alone",
                remedy="train without tensors, or on rows of one length",
            )
        drawn = self._numbers_drawn(examples, kinds, groups)
        mine = set(range(len(batch))[own])
        made = []
        for group in groups:
            places = [k for k in group if k in mine]
            if not places:
                continue
            parts = [
                self._tensor(column) for column in zip(*[examples[k] for k in places], strict=True)
            ]
            with drawing(drawn(places)):
                made.append((places, self._loss_of(*parts)))
        return made

    def _loss_of(self, inputs: Tensor, targets: Tensor, weights: Tensor | None = None) -> Tensor:
        answers = self.module(inputs)
        if self.by_token:
            answers = answers[:, answers.shape[1] - targets.shape[1] :]
            lead = 2
        else:
            lead = 1
        self.loss.ranks = (answers.dim() - lead, targets.dim() - lead)
        losses = self.loss_on(answers, targets)
        losses = losses.mean(-1) if self.by_token else losses
        return losses if weights is None else losses * weights

    def loss_on(self, answers: Tensor, targets: Tensor) -> Tensor:
        """The loss of each answer."""
        function = self.loss.made()
        function.ranks = self.loss.ranks
        return function(answers, targets)

    def _tensor(self, rows: Sequence[Any]) -> Tensor:
        whole = _is_whole(rows[0])
        return torch.tensor(rows, dtype=torch.int64 if whole else self.dtype, device=self.device)

    def _numbers_drawn(
        self, examples: Sequence[Any], kinds: Sequence[Any], groups: Sequence[list[int]]
    ) -> Callable[[list[int]], Callable[[random.Random, Tensor], Tensor]]:
        """The random numbers of a batch, drawn example by example as plain Values draw them."""
        training = self.module.training
        for places in groups if training else ():
            if kinds[places[0]] not in self._drawn:
                self._drawn[kinds[places[0]]] = self._counted(examples[places[0]])
        rows: list[list[list[float]]] = [
            [[rng.random() for _ in range(count)] for rng, count in self._drawn.get(kind, ())]
            for kind in (kinds if training else ())
        ]

        def of(places: list[int]) -> Callable[[random.Random, Tensor], Tensor]:
            calls = count()

            def draw(_: random.Random, x: Tensor) -> Tensor:
                call = next(calls)
                numbers = [rows[k][call] for k in places]
                return torch.tensor(numbers, dtype=torch.float64, device=x.device).reshape(x.shape)

            return draw

        return of

    def _counted(self, example: Any) -> list[tuple[random.Random, int]]:
        """Who draws, and how many numbers each time, for one example of a structure."""
        counted: list[tuple[random.Random, int]] = []

        def note(rng: random.Random, x: Tensor) -> Tensor:
            counted.append((rng, x.numel()))
            return torch.ones_like(x)

        kept = [buffer.clone() for buffer, _ in self.buffers]
        with drawing(note), torch.no_grad():
            self.module(self._tensor([example[0]]))
        for (buffer, _), number in zip(self.buffers, kept, strict=True):
            buffer.copy_(number)
        return counted

    # The optimizer's numbers

    def _state(self) -> list[list[float]]:
        columns = zip(*self._states, strict=True) if self._states else ()
        return [self._in_order(column) for column in columns]

    def _load_state(self, state: list[list[float]]) -> None:
        rows = [torch.tensor(row, dtype=torch.float64) for row in state]
        self._states = [
            [row[places].reshape(p.shape).to(p.device, p.dtype) for row in rows]
            for p, places in self.places
        ]


def _added_up(workers: Workers, tensors: Sequence[Tensor]) -> list[Tensor]:
    """The sums of tensors over all workers, in one flat buffer of float64."""
    flat = torch.cat([x.double().reshape(-1) for x in tensors])
    workers.all_reduce(flat)
    parts = flat.split([x.numel() for x in tensors])
    return [part.reshape(x.shape).to(x.dtype) for part, x in zip(parts, tensors, strict=True)]


def _first_device() -> str:
    """The device that computes fastest here."""
    if torch.cuda.is_available():
        return "cuda"
    return "cpu"


def _structure(x: Any) -> Any:
    """What two examples have to share to be computed at once: lengths, and whole numbers or not."""
    if isinstance(x, (list, tuple)):
        inner = [_structure(each) for each in x]
        return (len(x), inner[0]) if all(each == inner[0] for each in inner) else tuple(inner)
    return "i" if type(x) is int else "f"


def _is_whole(x: Any) -> bool:
    while isinstance(x, (list, tuple)):
        x = x[0]
    return type(x) is int


def _alike(kinds: Sequence[Any]) -> list[list[int]]:
    """The places of equal kinds, those of the first kind first."""
    order: dict[Any, list[int]] = {}
    for k, kind in enumerate(kinds):
        order.setdefault(kind, []).append(k)
    return list(order.values())
