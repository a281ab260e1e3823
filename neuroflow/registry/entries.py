"""Entries: what plugins offer under a name, and who offers it.

The id of an entry is ``namespace/name@version``; the namespace comes from the distribution that
offers it, so no plugin can change what a bundled name means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import nullcontext
from importlib import import_module
from typing import Any, ClassVar

from attrs import field, frozen

from neuroflow.core.op import Op
from neuroflow.errors import PluginError
from neuroflow.registry.capture import silenced

BUNDLED = "neuroflow"


@frozen
class Provider:
    """Who offers an entry: the plugin, and the distribution that installed it."""

    plugin: str
    namespace: str
    distribution: str
    version: str
    module: str

    def __str__(self) -> str:
        return f"plugin {self.plugin!r} of {self.distribution} {self.version}"


@frozen(kw_only=True, eq=False)
class Entry:
    """One thing that a plugin offers under a name.

    ``target`` is the thing itself, or ``"module:attribute"`` to import it on first use.
    ``version`` rises when its numbers or its configuration change. ``deprecated`` says what to
    use instead. ``provider`` is filled in by the registry.
    """

    kind: ClassVar[str] = ""

    name: str
    target: Any
    version: int = 1
    summary: str = ""
    formula: str = ""
    reference: str = ""
    aliases: tuple[str, ...] = ()
    deprecated: str = ""
    provider: Provider | None = None

    @property
    def namespace(self) -> str:
        """The first part of the id."""
        return self.provider.namespace if self.provider else "local"

    @property
    def id(self) -> str:
        """``namespace/name@version``."""
        return f"{self.namespace}/{self.name}@{self.version}"

    @property
    def shortest_name(self) -> str:
        """What to write in a configuration: the bare name if it is bundled."""
        return self.name if self.namespace == BUNDLED else f"{self.namespace}/{self.name}"

    def load(self) -> Any:
        """The thing itself; a lazy target is imported now.

        Raises :class:`PluginError` if that fails.
        """
        if not isinstance(self.target, str):
            return self._told_its_origin(self.target)
        module, _, attribute = self.target.partition(":")
        try:
            with nullcontext() if self.namespace == BUNDLED else silenced():
                target = getattr(import_module(module), attribute)
            return self._told_its_origin(target)
        except Exception as error:
            raise PluginError(
                f"{self.kind} {self.id} ({self.provider}) could not be imported from"
                f" {self.target!r}: {type(error).__name__}: {error};"
                " repair or uninstall that distribution"
            ) from error

    def _told_its_origin(self, target: Any) -> Any:
        """An op of a third party knows who offers it, so that its errors can say so."""
        bundled = self.namespace in (BUNDLED, "local")
        if isinstance(target, Op) and not bundled and not _is_ours(target):
            target.origin = str(self.provider)
        return target


def _is_ours(op: Op) -> bool:
    return op.__module__.startswith(("neuroflow.", "neuroflow_plugins."))


@frozen(kw_only=True, eq=False)
class OpEntry(Entry):
    """An op; its formula and summary are read from the op itself."""

    kind = "op"

    @classmethod
    def of(cls, op: Op, **facts: Any) -> OpEntry:
        """Describe an op; ``facts`` are the fields that it does not know, such as aliases."""
        known = {"name": op.name, "summary": op.summary, "formula": op.formula}
        return cls(target=op, **{**known, **facts})


@frozen(kw_only=True, eq=False)
class ActivationEntry(Entry):
    """A function applied to what a layer computes.

    ``elementwise``: the target maps one number to one; otherwise a list to a list (softmax).
    Keyword-only parameters of the target are its settings.
    """

    kind = "activation"
    elementwise: bool = True


@frozen(kw_only=True, eq=False)
class LossEntry(Entry):
    """A loss ``(prediction, target) -> Value`` of one example; the batch takes the mean.

    ``labels`` says in words which targets are allowed and ``allows`` checks one.
    ``index_target``: the target is the number of the right class, an integer. ``examples`` help
    the checks where a loss takes something unusual: each is a prediction, a target, and a
    prediction that is better.
    """

    kind = "loss"
    labels: str = "any real number"
    allows: Callable[[Any], bool] | None = None
    index_target: bool = False
    examples: tuple[tuple[Any, Any, Any], ...] = ()


@frozen(kw_only=True, eq=False)
class LayerEntry(Entry):
    """A :class:`~neuroflow.Module` class; keyword arguments of ``__init__`` are its settings.

    ``example`` are settings that build a small one and ``example_inputs`` what to call it with;
    without them the checks guess both from the names of the settings.
    """

    kind = "layer"
    example: Mapping[str, Any] = field(factory=dict)
    example_inputs: tuple[Any, ...] = ()


@frozen(kw_only=True, eq=False)
class OptimizerEntry(Entry):
    """An update rule; see :mod:`neuroflow.core.update_rule`."""

    kind = "optimizer"


@frozen(kw_only=True, eq=False)
class ScheduleEntry(Entry):
    """A learning rate over time: ``(base, step, steps, **settings) -> float``."""

    kind = "schedule"


@frozen(kw_only=True, eq=False)
class InitializerEntry(Entry):
    """One initial weight: ``(rng, fan_in, fan_out, **settings) -> float``."""

    kind = "initializer"


@frozen(kw_only=True, eq=False)
class DatasetEntry(Entry):
    """Examples to learn from: ``(rng, **settings) -> neuroflow.Dataset``."""

    kind = "dataset"


@frozen(kw_only=True, eq=False)
class TokenizerEntry(Entry):
    """A class that turns text into token ids and back."""

    kind = "tokenizer"


@frozen(kw_only=True, eq=False)
class BackendEntry(Entry):
    """An execution engine for compiled functions."""

    kind = "backend"


ENTRY_TYPES: dict[str, type[Entry]] = {
    entry.kind: entry
    for entry in (
        OpEntry, ActivationEntry, LossEntry, LayerEntry, OptimizerEntry,
        ScheduleEntry, InitializerEntry, DatasetEntry, TokenizerEntry, BackendEntry,
    )
}  # fmt: skip
KINDS = tuple(ENTRY_TYPES)


def plural(kind: str) -> str:
    """``op -> ops``, ``loss -> losses``: the word that hooks and commands use."""
    return {"loss": "losses"}.get(kind, f"{kind}s")


def check_entries(kind: str, produced: Iterable[Any]) -> list[Entry]:
    """What a hook gave, as entries of one kind; raises TypeError for anything else."""
    entry_type = ENTRY_TYPES[kind]
    entries = [OpEntry.of(e) if kind == "op" and isinstance(e, Op) else e for e in produced]
    for entry in entries:
        if not isinstance(entry, entry_type):
            raise TypeError(
                f"neuroflow_{plural(kind)} gave {entry!r} of type {type(entry).__name__};"
                f" expected {entry_type.__name__}"
            )
    return entries
