"""What an entry does, as numbers at many inputs: two that do the same at all are taken for equal.

So a mutant that no check finds is told from one that changes nothing: ``2 * x`` for ``x * 2``.
"""

from __future__ import annotations

import inspect
import math
import random
from collections.abc import Callable, Iterator
from typing import Any

import neuroflow as nf
from neuroflow.checks.layers.modes import thrown
from neuroflow.checks.layers.trials import CannotTryError, trial_of
from neuroflow.checks.losses.examples import examples_of
from neuroflow.checks.ops.activations import subjects
from neuroflow.checks.ops.table import at_the_ends, complete, elsewhere
from neuroflow.checks.shared.subject import Subject
from neuroflow.checks.shared.variations import variations
from neuroflow.config import settings_of
from neuroflow.core.value import Op
from neuroflow.core.vectors import VectorOp
from neuroflow.registry.entries import Entry

Number = float | str


def same(right: Entry, wrong: Entry) -> bool:
    """Whether two entries give the same numbers, to rounding, at all inputs that are tried."""
    pairs = zip(_without_end(behaviour(right)), _without_end(behaviour(wrong)), strict=False)
    for a, b in pairs:
        if a is None and b is None:
            return True
        if not _close(a, b):
            return False
    return True


def _without_end(numbers: Iterator[Number]) -> Iterator[Number | None]:
    yield from numbers
    while True:
        yield None


def _close(a: Number | None, b: Number | None) -> bool:
    if isinstance(a, str) or isinstance(b, str) or a is None or b is None:
        return a == b
    if math.isnan(a) or math.isnan(b) or math.isinf(a) or math.isinf(b):
        return repr(a) == repr(b)
    return abs(a - b) <= 1e-11 * max(abs(a), abs(b)) + 1e-15


def behaviour(entry: Entry) -> Iterator[Number]:
    """The numbers that an entry gives at many inputs, and words where it refuses them."""
    for call in _KINDS[entry.kind](entry):
        yield from _numbers(call)


def _numbers(call: Callable[[], Any]) -> Iterator[Number]:
    try:
        found = call()
    except Exception as error:
        yield type(error).__name__
        return
    yield from _flat(found)


def _flat(found: Any) -> Iterator[Number]:
    if isinstance(found, (list, tuple)):
        yield f"{len(found)} parts"
        for part in found:
            yield from _flat(part)
    elif isinstance(found, dict):
        yield from _flat([*found, *found.values()])
    elif isinstance(found, (str, bool, type(None))):
        yield str(found)
    else:
        yield float(found)


def _settings(entry: Entry, given: dict[str, Any] | None = None, **more: Any) -> list[Any]:
    return variations(entry, settings_of(entry), given, **more)


Calls = Iterator[Callable[[], Any]]


def _of_op(entry: Entry) -> Calls:
    op = complete(entry.load())
    for each in [op, elsewhere(op), *at_the_ends(op)]:
        yield from _of_subject(Subject.of(each), 400 if each is op else 60)


def _of_activation(entry: Any) -> Calls:
    target = entry.load()
    if isinstance(target, Op):
        yield from _of_op(entry)
        return
    for subject in subjects(entry, target):
        yield from _of_subject(subject, 200)


def _of_subject(subject: Subject, count: int) -> Calls:
    rng = random.Random(5)
    sizes = (0.0, -0.0, 1.0, -1.0, 1e-9, 30.0, -30.0, 1e3, -1e3, 1e-300, 1e300)
    ties = isinstance(subject.op, VectorOp)
    for k in range(count):
        at = [rng.gauss(0.0, 2.0) if rng.random() < 0.8 else rng.choice(sizes) for _ in
              subject.inputs]  # fmt: skip
        at = [at[0]] * len(at) if ties and k % 10 == 0 else at
        if all(x in d for x, d in zip(at, subject.domains, strict=True)):
            yield lambda at=at: subject.forward(*at)
            yield lambda at=at: list(subject.partials(*at))


def _of_loss(entry: Any) -> Calls:
    rng = random.Random(5)
    loss = entry.load()
    examples = list(examples_of(entry, loss))
    for settings in _settings(entry):
        for example in examples:
            for size in (0.0, 1.0, 30.0):
                at = [x + size * rng.gauss(0.0, 1.0) for x in example.prediction]
                if not size or min(at) > 0.0 or min(example.prediction) < 0.0:
                    yield lambda at=at, t=example.target, s=settings: _graded(loss, at, t, s)
        for n in (1, 2, 3):
            rows = [rng.choice(examples) for _ in range(n)]
            if not entry.index_target and all(len(e.prediction) == 1 for e in rows):
                at = [e.prediction[0] for e in rows]
                targets = [e.target for e in rows]
                yield lambda at=at, t=targets, s=settings: _graded(loss, at, t, s, rows=True)


def _graded(loss: Any, at: Any, target: Any, settings: Any, rows: bool = False) -> Any:
    """A loss, its gradient, and the gradient of a sum of that."""
    values = [nf.Value(x) for x in at]
    out = loss(values if rows or len(values) > 1 else values[0], target, **settings)
    first = nf.gradients(out, values, create_graph=True)
    second = nf.gradients(nf.sum([k * g for k, g in enumerate(first, start=1)]), values)
    return [float(out), [float(g) for g in first], [float(g) for g in second]]


def _of_optimizer(entry: Entry) -> Calls:
    rule = entry.load()
    for settings in _settings(entry):
        for seed, size in enumerate((1.0, 1e-3, 1e3)):
            yield lambda seed=seed, size=size, s=settings: _path(rule.bind(**s), seed, size)


def _path(rule: Any, seed: int, size: float) -> list[float]:
    rng = random.Random(seed)
    state = [float(name == "no_decay" and seed == 1) for name in rule.state]
    w, path = rng.gauss(0.0, 1.0), []
    for step in range(1, 30):
        g = size * rng.gauss(0.3, 1.0)
        w, *state = rule(w, g, *state, learning_rate=0.03, step=float(step))
        path += [float(w), *map(float, state)]
    return path


def _of_schedule(entry: Entry) -> Calls:
    rate = entry.load()
    for steps in (1, 2, 7, 100):
        for settings in _settings(entry, steps=steps):
            for step in range(steps):
                yield lambda step=step, n=steps, s=settings: rate(0.3, step, n, **s)


def _of_initializer(entry: Entry) -> Calls:
    draw = entry.load()
    for settings in _settings(entry):
        for fan_in, fan_out in ((1, 1), (3, 2), (64, 10)):
            yield lambda i=fan_in, o=fan_out, s=settings: [
                draw(rng, i, o, **s) for rng in [nf.SplitMix32(7)] for _ in range(5)
            ]


def _of_metric(entry: Any) -> Calls:
    metric = entry.load()
    rng = random.Random(5)
    for settings in _settings(entry):
        for n in (1, 2, 3, 8):
            for classes in (2, 3) * 4:
                targets: list[Any] = [rng.randrange(classes) for _ in range(n)]
                rows = [_shares(rng, classes) for _ in range(n)]
                predictions: list[Any] = [row.index(max(row)) for row in rows]
                if entry.needs in ("probabilities", "scores"):
                    predictions = rows
                if entry.needs in ("numbers", "losses"):
                    targets = [rng.choice((rng.gauss(0, 2), 0.0, 1.5)) for _ in range(n)]
                    predictions = [abs(t) + rng.choice((0.0, rng.random())) for t in targets]
                yield lambda p=predictions, t=targets, s=settings: metric(p, t, **s)


def _shares(rng: random.Random, n: int) -> list[float]:
    parts = [rng.choice((rng.random(), 0.5, 1e-9)) for _ in range(n)]
    return [part / math.fsum(parts) for part in parts]


def _of_layer(entry: Any) -> Calls:
    try:
        trial = trial_of(entry, entry.load())
    except CannotTryError:
        yield lambda: ["cannot be tried"]
        return
    for seed in (1, 2):
        yield lambda seed=seed: _answers(trial, trial.build(seed))
    for settings in _settings(entry, dict(trial.settings))[:6]:
        yield lambda s=settings: _answers(trial, trial.build(3, **s))


def _answers(trial: Any, module: nf.Module) -> Any:
    rng = random.Random(3)
    for _, parameter in module.named_parameters():
        parameter.data += 0.1 * rng.gauss(0.0, 1.0)
    found = []
    for training in (False, True):
        with thrown():
            found.append([float(x) for x in trial.outputs(module.train(training))])
    names = [name for name, _ in module.named_parameters()]
    return [*found, names, str(module.configuration())]


def _of_dataset(entry: Entry) -> Calls:
    for settings in _settings(entry):
        for seed in (1, 2):
            yield lambda s=settings, seed=seed: _rows(entry.load()(nf.SplitMix32(seed), **s))


def _rows(data: Any) -> Any:
    return [list(map(str, data.inputs)), list(map(str, data.targets))]


def _of_tokenizer(entry: Entry) -> Calls:
    texts = ["emma", "quiz", "olivia ann", "", "a", "Grüße, 東京!", "tab\tand\nline", "aa aa aaa"]
    target = entry.load()
    for settings in _settings(entry) if inspect.isclass(target) else [{}]:
        made = target(**settings) if inspect.isclass(target) else target
        yield lambda made=made: _read(made, texts)


def _read(tokenizer: Any, texts: list[str]) -> Any:
    knows = tokenizer.learn(texts)
    return [[knows.encode(t), knows.decode(knows.encode(t))] for t in texts]


_KINDS: dict[str, Callable[[Any], Calls]] = {
    "op": _of_op, "activation": _of_activation, "loss": _of_loss, "metric": _of_metric,
    "optimizer": _of_optimizer, "schedule": _of_schedule, "initializer": _of_initializer,
    "layer": _of_layer, "dataset": _of_dataset, "tokenizer": _of_tokenizer,
}  # fmt: skip
