"""Entries: what plugins offer under a name, and who offers it.

The id of an entry is ``namespace/name@version``; the namespace comes from the distribution that
offers it, so no plugin can change what a bundled name means.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from importlib import import_module
from typing import Any, ClassVar

from attrs import evolve, field, frozen

from neuroflow.core.settings import checked, unchecked
from neuroflow.core.value import Op
from neuroflow.errors import InputError, NeuroflowError, PluginError, Where, raised, short_repr
from neuroflow.registry.capture import silenced
from neuroflow.registry.for_checks import Checks

BUNDLED = "neuroflow"

LOCAL = "local"
"""The namespace of what a notebook, a script or one file offers; see :func:`neuroflow.register`."""

DTYPES = ("float64", "float32", "bfloat16")
"""The precisions that backends compute in. With bfloat16, matrix products round what they multiply
to it; their sums and all other numbers are float32."""

DEVICES = ("cpu", "cuda", "mps")
"""Where the numbers of a backend can lie: the processor, or a GPU of NVIDIA or of Apple."""

TASKS = ("regression", "binary", "classes", "sequence")
"""What the targets of a dataset are; see :class:`neuroflow.Dataset`."""


@frozen
class Provider:
    """Who offers an entry: the plugin, and the distribution that installed it.

    What is local comes from a ``file``, or from a session where code is typed; no distribution has
    it, and ``plugin`` is the name of that file.
    """

    plugin: str
    namespace: str
    distribution: str
    version: str
    module: str = field(eq=False)
    file: str = ""

    def __str__(self) -> str:
        if self.is_local:
            return f"the file {self.plugin}" if self.file else self.plugin
        return f"plugin {self.plugin!r} of {self.distribution} {self.version}"

    def beside(self, other: Provider) -> str:
        """What to call it where another is named too: two files of one name by their paths."""
        return f"the file {self.file}" if self.file and str(self) == str(other) else str(self)

    @property
    def is_local(self) -> bool:
        """Whether it is no distribution but a file or a session."""
        return self.namespace == LOCAL and not self.distribution

    @property
    def credit(self) -> str:
        """Whom to name beside what it offers."""
        return self.plugin if self.is_local else f"{self.distribution} {self.version}"

    @property
    def remedy(self) -> str:
        """What to do about what is wrong in it."""
        return f"mend {self}" if self.is_local else f"tell the authors of {self.credit}"

    @property
    def where(self) -> Where:
        """How an error says whose code it is about."""
        if self.is_local:
            return {"plugin": self.plugin, "file": self.file}
        return {"plugin": self.plugin, "distribution": self.distribution}


Migration = Callable[[dict[str, Any], dict[str, Any]], tuple[dict[str, Any], dict[str, Any]]]
"""From the settings and the arrays of one version to those of the next."""


def _from_older_versions(entry: Entry, _: Any, migrations: Any) -> None:
    older = range(1, entry.version) if isinstance(entry.version, int) else ()
    for version, migration in dict(migrations).items():
        if version not in older or not callable(migration):
            raise InputError(
                f"{entry.kind} {entry.name!r} of version {entry.version} has the migration"
                f" {version!r}: {short_repr(migration)}",
                expected="functions, each under the older version that it starts from",
                got=migration,
            )


@frozen(kw_only=True, eq=False)
class Entry:
    """One thing that a plugin offers under a name.

    ``target`` is the thing itself, or ``"module:attribute"`` to import it on first use.
    ``version`` rises when its numbers or its configuration change. ``deprecated`` says what to
    use instead. ``relations`` says which settings go together: it takes them by name, and raises
    :class:`InputError` for those that are right one by one but not together. ``migrations`` take
    what was saved with an older version to the next: ``{1: f}`` with ``f(settings, arrays)`` that
    gives both as version 2 has them. ``checks`` is what its author tells the checks.
    ``provider`` is filled in by the registry.
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
    relations: Callable[..., None] | None = None
    migrations: Mapping[int, Migration] = field(factory=dict, validator=_from_older_versions)
    checks: Checks = field(factory=Checks)
    provider: Provider | None = None

    @property
    def namespace(self) -> str:
        """The first part of the id."""
        return self.provider.namespace if self.provider else LOCAL

    @property
    def id(self) -> str:
        """``namespace/name@version``."""
        return f"{self.namespace}/{self.name}@{self.version}"

    @property
    def where(self) -> Where:
        """How an error says which entry it is about, and who offers it."""
        return {"entry": self.id, **(self.provider.where if self.provider else {})}

    @property
    def shortest_name(self) -> str:
        """What to write in a configuration: the bare name if it is bundled."""
        return self.name if self.namespace == BUNDLED else f"{self.namespace}/{self.name}"

    def qualified(self, reference: str) -> str:
        """The reference, so that it means the same whatever else is installed."""
        if self.namespace == BUNDLED:
            return reference
        return self.id if "@" in reference else self.shortest_name

    @property
    def credit(self) -> str:
        """Whom to name beside it: distribution and version of a third party; else empty.

        What is local has no distribution, and is credited to its file.
        """
        if self.namespace == BUNDLED or self.provider is None:
            return ""
        return self.provider.credit

    def load(self) -> Any:
        """The thing itself; a lazy target is imported now.

        A function that declares settings comes back so that it checks them when it is called.
        Raises :class:`PluginError` if the import fails.
        """
        return checked(self._told_its_origin(self._imported(self.target)))

    def with_its_op(self) -> Entry:
        """The entry with what its op says, where it says nothing itself: a lazy op is imported."""
        op = unchecked(self.load())
        if not isinstance(op, Op):
            return self
        said: dict[str, Any] = {key: op.beside.get(key) for key in ("checks", "relations")}
        own: dict[str, Any] = {"checks": self.checks if self.checks != Checks() else None}
        own |= {"relations": self.relations}
        return evolve(self, **{key: x for key, x in said.items() if x and not own[key]})

    @contextmanager
    def running(self) -> Iterator[None]:
        """Run code of this entry: its errors know which entry it is, and who offers it.

        Whatever else a third party's code raises becomes a :class:`PluginError`.
        """
        try:
            yield
        except NeuroflowError as error:
            error.locate(**self.where)
            raise
        except Exception as error:
            if not self.credit or self.provider is None:
                raise
            raise PluginError(
                f"{self.kind} {self.id} ({self.provider}) failed: {raised(error)}",
                remedy=f"check what it was given, or {self.provider.remedy}",
                **self.where,
            ) from error

    def _imported(self, target: Any) -> Any:
        """What ``"module:attribute"`` names; anything else is the thing itself."""
        if not isinstance(target, str):
            return target
        module, _, attribute = target.partition(":")
        try:
            with self._kept_off_standard_output():
                return getattr(import_module(module), attribute)
        except Exception as error:
            raise PluginError(
                f"{self.kind} {self.id} ({self.provider}) could not be imported from"
                f" {target!r}: {raised(error)}",
                remedy="repair or uninstall that distribution",
                **self.where,
            ) from error

    def _kept_off_standard_output(self) -> AbstractContextManager[Any]:
        """Catch what third-party code prints; ours is tested to print nothing, and start sooner."""
        return nullcontext() if self.namespace == BUNDLED else silenced()

    def _told_its_origin(self, target: Any) -> Any:
        """An op of a third party knows who offers it, so that its errors can say so.

        One that a plugin only passes on, from a package that is not its own, stays as it is.
        """
        if isinstance(target, Op) and self.credit and self.provider:
            packages = [
                name.partition(".")[0] for name in (target.__module__, self.provider.module)
            ]
            if packages[0] == packages[1]:
                target.origin = self.provider
        return target


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
    Keyword-only parameters of the target are its settings. ``tensors`` is a function of tensors
    that does the same faster than the rule's own steps, or its ``"module:attribute"``; it is for
    the target without settings.
    """

    kind = "activation"
    elementwise: bool = True
    tensors: Any = None

    def load_tensors(self) -> Any:
        """Its function of tensors; a lazy one is imported now."""
        return self._imported(self.tensors)


@frozen(kw_only=True, eq=False)
class LossEntry(Entry):
    """A loss ``(prediction, target) -> Value`` of one example; the batch takes the mean.

    ``labels`` says in words which targets are allowed and ``allows`` checks one.
    ``index_target``: the target is the number of the right class, an integer. ``examples`` help
    the checks where a loss takes something unusual: each is a prediction, a target, and a
    prediction that is better. ``probabilities`` makes the probabilities of classes out of an
    answer, a list of numbers, where the loss is minus the log of one: one for each number, or of
    the second of two classes. Without it answers are scores, and no probabilities. ``best`` gives
    the prediction at which the loss of a target is least, where that is not the target itself.
    """

    kind = "loss"
    labels: str = "any real number"
    allows: Callable[[Any], bool] | None = None
    index_target: bool = False
    probabilities: Callable[[list[float]], list[float]] | None = None
    examples: tuple[tuple[Any, Any, Any], ...] = ()
    best: Callable[[Any], Any] | None = None


COURSES = ("constant", "falling", "rising", "rising, then falling")
"""How the rates of a schedule may go; see :class:`ScheduleEntry`."""

BETTER = ("higher", "lower")
NEEDS = ("classes", "probabilities", "scores", "numbers", "tokens", "losses")
"""What a metric takes of the answers of a model; see :class:`MetricEntry`."""


def _word_of(*words: str) -> Callable[..., None]:
    def check(entry: Entry, what: Any, given: Any) -> None:
        for word in given if isinstance(given, tuple) else (given,):
            if word not in words:
                raise InputError(
                    f"the {entry.kind} {entry.name!r} has {word!r} as {what.name!r}",
                    expected=f"one of {', '.join(filter(None, words))}",
                    got=word,
                )

    return check


@frozen(kw_only=True, eq=False)
class MetricEntry(Entry):
    """How good all answers together are: ``(predictions, targets, **settings) -> float``.

    ``range`` is the interval of its values, ``better`` says whether the ``"higher"`` or the
    ``"lower"`` one is the better, and ``tasks`` are those of the datasets that it is for.
    ``needs`` says what the predictions are, one per example: ``"classes"``, the numbers of
    classes; ``"probabilities"``, a list of one per class; ``"scores"``, the same or, of a model
    whose loss gives no probabilities, any numbers that rise with the certainty; ``"numbers"``,
    the numbers of a regression; ``"tokens"``, the likeliest token at each target of a text;
    ``"losses"``, the mean loss of each text. A setting ``classes`` that is left out becomes the
    number of classes of the data. Answers with a nan are not shown to a metric: its value is nan.
    """

    kind = "metric"
    range: str = ""
    better: str = field(default="higher", validator=_word_of(*BETTER))
    tasks: tuple[str, ...] = field(default=("binary", "classes"), validator=_word_of(*TASKS))
    needs: str = field(default="classes", validator=_word_of(*NEEDS))

    @property
    def in_words(self) -> str:
        """Its range, which values are the better, for which tasks, and what it needs."""
        span = f"{self.range}, " if self.range else ""
        tasks = " and ".join(self.tasks)
        return f"{span}the {self.better} the better; for {tasks}; needs {self.needs}"


@frozen(kw_only=True, eq=False)
class LayerEntry(Entry):
    """A :class:`~neuroflow.Module` class; keyword arguments of ``__init__`` are its settings.

    ``example`` are settings that build a small one and ``example_inputs`` what to call it with;
    without them the checks guess both from the names of the settings. ``shape`` says what it takes
    and gives, so that models are checked before they are built: a rule such as ``"(n, inputs) ->
    (n, outputs)"``, in which names of settings are their values, or a function ``(settings, taken,
    part)`` that gives the shape, where ``part("layers.0", shape)`` asks a part of it. ``tensors``
    is a :class:`~neuroflow.TensorForm`, how it runs on tensors, or its ``"module:attribute"``; a
    layer without one runs there number by number, from its plan.
    """

    kind = "layer"
    example: Mapping[str, Any] = field(factory=dict)
    example_inputs: tuple[Any, ...] = ()
    shape: str | Callable[..., Any] = ""
    tensors: Any = None

    @property
    def shape_in_words(self) -> str:
        """Its shapes: the rule, or what the function says of itself in its first line."""
        if isinstance(self.shape, str):
            return self.shape
        return (self.shape.__doc__ or "").strip().partition("\n")[0]

    def load_tensors(self) -> Any:
        """The class of its tensor form; a lazy one is imported now."""
        return self._imported(self.tensors)


@frozen(kw_only=True, eq=False)
class OptimizerEntry(Entry):
    """An update rule; see :mod:`neuroflow.core.update_rule`."""

    kind = "optimizer"


@frozen(kw_only=True, eq=False)
class ScheduleEntry(Entry):
    """A learning rate over time: ``(base, step, steps, **settings) -> float``.

    ``base`` is the learning rate of the configuration, ``step`` counts from 0. What else is known
    of the rates is held by the checks: ``course`` says how they go, ``"constant"``,
    ``"falling"``, ``"rising"`` or ``"rising, then falling"``; ``end`` names the setting that they
    come to, which they have at ``step = steps``.
    """

    kind = "schedule"
    course: str = field(default="", validator=_word_of("", *COURSES))
    end: str = ""


@frozen(kw_only=True, eq=False)
class InitializerEntry(Entry):
    """One initial weight: ``(rng, fan_in, fan_out, **settings) -> float``.

    Its ``formula`` says what it draws from, such as ``w \\sim N(0, 1 / n_\\mathrm{in})``. Where it
    cannot, ``mean`` and ``deviation`` are formulas of what its weights have on average.
    ``matrix`` says that the target gives a whole matrix: ``fan_out`` rows of ``fan_in`` numbers.
    """

    kind = "initializer"
    matrix: bool = False
    mean: str = ""
    deviation: str = ""


@frozen(kw_only=True, eq=False)
class DatasetEntry(Entry):
    """Examples to learn from: ``(rng, **settings) -> neuroflow.Dataset``.

    ``fixed`` says that the examples are the same whatever the seed; all others differ from seed to
    seed. ``example`` are settings that make a small one, for what has no default.
    """

    kind = "dataset"
    fixed: bool = False
    example: Mapping[str, Any] = field(factory=dict)


@frozen(kw_only=True, eq=False)
class TokenizerEntry(Entry):
    """A class that turns text into token ids and back: ``decode(encode(text)) == text``.

    It has ``learn(texts)``, which gives one that knows these texts, ``pieces``, the texts of the
    ids 0, 1, 2 ..., ``bos``, the id of the mark around texts, which no text has, or before them if
    there is an ``eos`` for their end, ``vocab_size``, how many ids there are, and
    ``configuration()``, the settings that build it again. One that does not give back all of a text
    says in ``loses`` what is lost, such as ``"capital letters"``.
    """

    kind = "tokenizer"
    loses: str = ""


def _no_negative_speed(entry: Entry, _: Any, speed: Any) -> None:
    if not isinstance(speed, (int, float)) or not 0.0 <= speed < math.inf:
        raise InputError(
            f"the backend {entry.name!r} has the speed {speed!r}",
            expected="a number from 0 up: how many steps it makes while the backend numpy makes"
            " one",
            got=speed,
        )


def _some_of(known: tuple[str, ...]) -> Callable[[Entry, Any, Any], None]:
    def check(entry: Entry, attribute: Any, words: Any) -> None:
        if not isinstance(words, tuple) or not words or not {*words} <= {*known}:
            raise InputError(
                f"the backend {entry.name!r} has the {attribute.name} {words!r}",
                expected=f"a tuple of {' and '.join(known)}",
                got=words,
            )

    return check


@frozen(kw_only=True, eq=False)
class BackendEntry(Entry):
    """An engine for compiled functions: ``(dtype, n_parameters, memory_limit) -> Executor``.

    ``probe`` is a function without arguments, or its ``"module:attribute"``. It gives an empty
    text if the backend can run here, else what is missing and what to do about it. It is asked
    whenever backends are listed or chosen, so it imports nothing heavy:
    ``importlib.util.find_spec`` says whether a package is there.

    ``speed`` says how many training steps of the recipe ``moons`` the backend makes while the
    backend ``numpy`` makes one. "auto" takes the fastest that can run here in the precision that
    is asked for, whoever offers it; 0 means only by name. ``dtypes`` are the precisions, and
    ``devices`` says where it computes: one that knows others than "cpu" takes ``device`` by name.
    """

    kind = "backend"
    probe: Callable[[], str] | str | None = None
    speed: float = field(default=0.0, validator=_no_negative_speed)
    dtypes: tuple[str, ...] = field(default=DTYPES[:2], validator=_some_of(DTYPES))
    devices: tuple[str, ...] = field(default=("cpu",), validator=_some_of(DEVICES))

    def obstacle(self) -> str:
        """What keeps the backend from running here, and the remedy; empty if nothing does.

        A probe that fails is an obstacle too, and breaks nothing else.
        """
        if self.probe is None:
            return ""
        try:
            probe = self._imported(self.probe)
            with self._kept_off_standard_output():
                found = probe()
            return found if isinstance(found, str) else self._wrong_probe(f"it gave {found!r}")
        except (Exception, SystemExit) as error:
            return self._wrong_probe(f"{raised(error)}")

    def _wrong_probe(self, what: str) -> str:
        by = self.provider.distribution if self.provider else "the backend"
        then = f"tell the authors of {by}" if by else "mend it"
        return f"its probe failed: {what}; expected a text, empty if it can run; {then}"


@frozen(kw_only=True, eq=False)
class RecipeEntry(Entry):
    """A configuration that is trained by its name.

    ``target`` is the tree as a dict, or the path of a TOML file: a :class:`pathlib.Path`, or what
    ``importlib.resources.files`` gives.
    """

    kind = "recipe"


@frozen(kw_only=True, eq=False)
class ObserverEntry(Entry):
    """Who sees the reports of a run and changes nothing: a :class:`~neuroflow.Observer` class.

    Keyword arguments of ``__init__`` are its settings.
    """

    kind = "observer"


@frozen(kw_only=True, eq=False)
class ExporterEntry(Entry):
    """Writes a model for another program: ``(model, path) -> {path: content}``.

    It gives the content of each file, a text or bytes, and writes nothing itself: so all files are
    there, or none. ``path`` is where the first is wanted; ``suffix`` is the end of its name.
    """

    kind = "exporter"
    suffix: str = ""


@frozen(kw_only=True, eq=False)
class ImporterEntry(Entry):
    """Reads a model that another program wrote: ``(path) -> Module``.

    It changes no file, and raises :class:`InputError`, or another :class:`NeuroflowError`, for one
    that is not whole. ``suffix`` is the end of the names of such files. ``example`` is the content
    of a small one, for the checks: a text or bytes, or several by their names, the first of which
    is read.
    """

    kind = "importer"
    suffix: str = ""
    example: str | bytes | Mapping[str, str | bytes] = ""


def _kinds_of_entries(entry: Entry, _: Any, kinds: Any) -> None:
    if not isinstance(kinds, tuple) or not kinds or not {*kinds} <= {*KINDS}:
        raise InputError(
            f"the {entry.kind} {entry.name!r} has the kinds {short_repr(kinds)}",
            expected=f"a tuple of some of {', '.join(KINDS)}",
            got=kinds,
        )


@frozen(kw_only=True, eq=False)
class CheckEntry(Entry):
    """A check of entries: ``(entry, results) -> None``, made of all entries of the ``kinds``.

    It tells what it compares with :meth:`results.expect <neuroflow.Results.expect>`.
    """

    kind = "check"
    kinds: tuple[str, ...] = field(validator=_kinds_of_entries)


@frozen(kw_only=True, eq=False)
class FormatEntry(Entry):
    """Reads tables of a form of their own: ``(path) -> rows``, the first with the names of columns.

    A row is a list of texts and numbers, as many as there are columns; an empty one stands for a
    line without data, so that errors about cells name the lines of the file. ``suffix`` is the end
    of the names of such files. ``example`` is the content of a small one, for the checks.
    """

    kind = "format"
    suffix: str = ""
    example: str = ""


@frozen(kw_only=True, eq=False)
class PanelEntry(Entry):
    """Shows the reports of a run on its live page: ``(reports) -> picture or rows``.

    ``reports`` are the numbers of each report by name, as observers see them: ``step``, ``steps``,
    ``epoch``, ``loss``, ``learning_rate``, ``gradient_norm`` and scores; the last is where the run
    stands, and before the first step there is none. A picture is the text of an ``<svg>`` with a
    ``viewBox``, of shapes and texts alone; rows of texts and numbers are a table. ``title`` stands
    above it.
    """

    kind = "panel"
    title: str = ""


SHAPES = ("rounded", "square", "pill", "hexagon", "slanted")
ROLES = (
    "attention", "convolution", "embedding", "linear", "normalization", "pooling", "recurrence",
    "regularization", "other",
)  # fmt: skip
"""What a layer is there for: each has a colour in drawings."""
LETTERS = 32
"""So many fit on the box of a layer, beside its name."""


@frozen(kw_only=True, eq=False)
class LookEntry(Entry):
    """How a layer is drawn: ``(layer) -> text``, what stands on its box, such as its sizes.

    ``layer`` is the name of the layer that looks so. ``label`` is what its box is called, ``shape``
    is one of ``"rounded"``, ``"square"``, ``"pill"``, ``"hexagon"`` and ``"slanted"``, and ``role``
    says by its colour what it is there for. The text may be empty; about thirty letters fit.
    """

    kind = "look"
    layer: str
    label: str
    shape: str = field(default="rounded", validator=_word_of(*SHAPES))
    role: str = field(default="other", validator=_word_of(*ROLES))


ENTRY_TYPES: dict[str, type[Entry]] = {
    entry.kind: entry
    for entry in (
        OpEntry, ActivationEntry, LossEntry, MetricEntry, LayerEntry, OptimizerEntry,
        ScheduleEntry, InitializerEntry, DatasetEntry, TokenizerEntry, BackendEntry,
        RecipeEntry, ObserverEntry, ExporterEntry, ImporterEntry, CheckEntry, FormatEntry,
        PanelEntry, LookEntry,
    )
}  # fmt: skip
KINDS = tuple(ENTRY_TYPES)


def plural(kind: str) -> str:
    """``op -> ops``, ``loss -> losses``: the word that hooks and commands use."""
    return {"loss": "losses"}.get(kind, f"{kind}s")


def check_entries(kind: str, produced: Iterable[Any]) -> list[Entry]:
    """What a hook gave, as entries of one kind; raises :class:`InputError` for anything else."""
    entry_type = ENTRY_TYPES[kind]
    entries = [OpEntry.of(e) if kind == "op" and isinstance(e, Op) else e for e in produced]
    for entry in entries:
        if not isinstance(entry, entry_type):
            raise InputError(
                f"neuroflow_{plural(kind)} gave {entry!r} of type {type(entry).__name__}",
                expected=entry_type.__name__,
                got=entry,
            )
    return entries
