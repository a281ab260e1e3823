"""Weight decay: which parameters it leaves alone, by the patterns of ``no_decay``."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from neuroflow.config.settings import NO_DECAY
from neuroflow.engine.runner import Runner
from neuroflow.errors import ConfigurationError


def set_no_decay(runner: Runner, patterns: Sequence[str]) -> None:
    """Tell a runner's rule which parameters do not decay; those that no pattern names do.

    Raises :class:`ConfigurationError` for a pattern without a parameter, which decays silently
    where somebody meant that it should not. The usual fields may be missing from a model.
    """
    for pattern in patterns:
        if pattern not in NO_DECAY and not any(is_named(name, [pattern]) for name in runner.names):
            raise ConfigurationError(
                f"{pattern!r} names no parameter of the model",
                remedy=f"its parameters are called {_some(runner.names)}: use such a name, or a"
                " wildcard",
                got=pattern,
                path="optimizer.no_decay",
            )
    runner.starts["no_decay"] = lambda name: float(is_named(name, patterns))
    no_decay = [runner.starts["no_decay"](name) for name in runner.names]
    runner.load_state_dict({**runner.state_dict(), "no_decay": no_decay})


def is_named(parameter: str, patterns: Sequence[str]) -> bool:
    """Whether a pattern fits a parameter: its name, or the field that it lies in.

    Numbers at the end of a name are positions in the field and left out.

    >>> is_named("blocks.0.norms.1.gains.7", ["gains"])
    True
    >>> is_named("layers.0.neurons.2.weights.1", ["layers.0.*"])
    True
    >>> is_named("layers.1.neurons.2.weights.1", ["layers.0.*", "bias"])
    False
    """
    words = parameter.split(".")
    while words and words[-1].isdigit():
        words.pop()
    names = (".".join(words), words[-1] if words else "")
    return any(fnmatchcase(name, pattern) for name in names for pattern in patterns)


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:3])
    return f"{shown}, ..." if len(names) > 3 else shown
