"""Which runner a backend gets: plain Values for "eager", else the compiled one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from neuroflow.config.settings import NO_DECAY
from neuroflow.core.update_rule import UpdateRule
from neuroflow.engine.decay import set_no_decay
from neuroflow.engine.run.workers import Workers
from neuroflow.engine.runner import EagerRunner, Runner
from neuroflow.errors import BackendError


def make_runner(
    model: Any,
    example_loss: Callable[..., Any],
    examples: Sequence[Sequence[Any]],
    rule: UpdateRule,
    *,
    settings: dict[str, float] | None = None,
    l2: float = 0.0,
    clip_norm: float | None = None,
    backend: str = "auto",
    dtype: str = "float64",
    threads: int = 1,
    compare: bool = True,
    stamp: bool = True,
    device: str = "auto",
    workers: Workers | None = None,
    losses: Callable[..., Sequence[Any]] | None = None,
    batch: int = 0,
) -> Runner:
    """A runner that trains ``model`` on ``examples``, tuples of inputs.

    ``example_loss(model, *example)`` gives the loss of one example as a Value; integers in an
    example can be indices (``take``), all else is numbers and nested lists of them.
    ``settings`` are those of the update rule; the learning rate comes with each step.
    ``backend`` is "eager", the name of a registered backend, or "auto": the fastest installed.
    ``device`` is "cpu", "cuda", "mps", or "auto", which leaves it to the backend.
    The model's ``training`` flag is read when a step runs: call ``model.train()`` first.
    Unless ``compare`` is false, the first compiled step is preceded by one example on plain Values,
    and a layer that does something else there is named in a :class:`TraceError`.
    Without ``stamp`` each call of a pure module is traced, see :func:`neuroflow.pure`.
    ``workers`` are the processes that share each batch, see :func:`neuroflow.joined_workers`.
    ``losses`` are for texts of many lengths, each example (tokens, targets) or (tokens, targets,
    weight): ``losses(model, tokens, targets)``, of as many targets as tokens, gives the loss at
    each of the last positions, of which ``example_loss`` is the mean, times the weight. Then
    compiled texts are filled up to a few lengths, wherever that changes no result. ``batch`` is how
    many examples a step has, if that is known: losses are then told by what runs the steps.
    """
    arguments = (model, example_loss, examples, rule, settings or {}, l2, clip_norm, workers)
    if backend == "eager":
        _check_eager_device(device)
        return _with_no_decay(EagerRunner(*arguments))
    from neuroflow.engine.compiled_runner import CompiledRunner

    runner = CompiledRunner(
        *arguments, backend=backend, dtype=dtype, threads=threads, compare=compare, device=device,
        losses=losses, batch=batch, stamp=stamp,
    )  # fmt: skip
    return _with_no_decay(runner)


def _check_eager_device(device: str) -> None:
    if device not in ("auto", "cpu"):
        raise BackendError(
            f"plain Values are computed on the cpu, but got device {device!r}",
            remedy='use backend="torch" for it, or leave the device out',
            got=device,
        )


def _with_no_decay(runner: Runner) -> Runner:
    """Tell a rule that has the state ``no_decay`` what weight decay usually leaves alone."""
    if "no_decay" in runner.rule.state:
        set_no_decay(runner, NO_DECAY)
    return runner
