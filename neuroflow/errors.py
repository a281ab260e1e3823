"""Every error neuroflow raises: one tree, one file, and one rule that makes fields a message.

::

    NeuroflowError                  catch this one to catch them all
    ├── InputError                  a thing handed in is not of the kind that was expected
    │   ├── DefinitionError         an op is declared or written in a way that cannot be meant
    │   ├── ShapeError              a layer cannot take lists of these lengths
    │   └── UnreadableFormulaError  a formula has what the checks cannot read
    ├── DomainError                 an op was asked for a number outside its domain
    │   └── DivergedError           a run failed: at which step, and why
    ├── OperatorError               a Value has no such operator; says why not
    ├── TraceError                  a trace needed a number that only the compiled run knows
    ├── StateError                  a saved state does not fit, or its file is damaged
    ├── ConfigurationError          a configuration has problems: all of them, each with its path
    ├── RegistryError               a name is unknown, ambiguous, or of another kind
    │   └── AmbiguousNameError      a bare name that several plugins offer
    ├── PluginError                 a plugin failed, or one is needed and missing
    ├── FileError                   a file could not be read or written
    ├── BackendError                a backend is missing, or cannot run what it was given
    │   └── RuleError               a rule is no straight line of elementary functions
    ├── WorkerError                 the workers of a job lost each other, or are not of one job
    ├── LanguageError               a part of the machine is not of the language it is written in
    ├── CannotTryError              no small layer could be built, to be checked
    │   └── WrongLayerError         a layer cannot work with anything
    ├── FoundError                  the checks found something, told to pytest
    ├── NoProofError                the checks cannot show something with symbols; says why
    └── NeuroflowWarning            may be ignored, unless warnings are made errors
        ├── BackendWarning          a backend could not run although it said so
        ├── CacheWarning            machine code is not kept, as others could change it
        ├── ChangedWarning          not all that a saved model was made from is still the same
        ├── DamagedMetricsWarning   lines of a run's metrics file are left out
        ├── EagerWritingWarning     a model writes slowly, as it cannot be compiled
        ├── FallbackWarning         an op runs in plain Python, as it cannot be compiled
        ├── ForgettingWarning       a text is longer than what a model sees at once
        ├── LengthsWarning          texts of many lengths are compiled one after the other
        ├── LookWarning             what stands on a layer's box could not be told; it stays empty
        ├── ModelChangedWarning     a model is another than when its steps were compiled
        ├── ObserverWarning         an observer failed, and sees no more of the run
        ├── RetraceWarning          a function is traced again and again
        └── ShadowedWarning         a bare name means the bundled entry, not one's own

A message says what happened (with the values), what was expected, and what to do about it:
``what; expected this; do that``. Each part is a field that code can read, so nobody needs to
take a message apart.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Self, TypedDict, TypeVar, Unpack, cast

Error = TypeVar("Error", bound="NeuroflowError")


class Where(TypedDict, total=False):
    """Where something went wrong; an error holds those of these that it knows."""

    path: str
    """The key of a configuration, such as ``optimizer.learning_rate``; it leads the message."""
    section: str
    """The table of a configuration whose part does not fit, such as ``model``; not in the text."""
    file: str
    line: int
    entry: str
    """The id of an entry of the registry, such as ``neuroflow/relu@1``."""
    plugin: str
    distribution: str
    op: str
    scope: str
    """The module that was being called, such as ``layers.0``."""


class NeuroflowError(Exception):
    """The root of the tree: catch this one to catch them all.

    ``what`` happened, with the values; what was ``expected``; the ``remedy``, which is what to
    do; the thing that is wrong, ``got`` (``...`` if it is about no single thing); and ``where``,
    a dict of the places that are known (see :class:`neuroflow.errors.Where`). Errors can be
    pickled and copied, so they cross processes.

    >>> error = InputError("noise is -1", expected="at least 0", remedy="leave it out", got=-1)
    >>> print(error)
    noise is -1; expected at least 0; leave it out
    >>> error.expected, error.got, error.where
    ('at least 0', -1, {})
    """

    def __init__(
        self,
        what: str,
        *,
        expected: str = "",
        remedy: str = "",
        got: Any = ...,
        **where: Unpack[Where],
    ) -> None:
        super().__init__(what)
        unknown = set(where) - set(Where.__annotations__)
        if unknown:
            raise TypeError(f"an error has no field {unknown.pop()!r}")
        self.what = what
        self.expected = expected
        self.remedy = remedy
        self.got = got
        self.where = cast(Where, {place: known for place, known in where.items() if known})

    def locate(self, **where: Unpack[Where]) -> None:
        """Add places where it happened, for whoever knows more than the raiser.

        >>> error = InputError("noise is -1", expected="at least 0")
        >>> error.locate(path="data")
        >>> print(error)
        data: noise is -1; expected at least 0
        """
        self.where = {**where, **self.where}

    @property
    def rest(self) -> dict[str, Any]:
        """All but what happened: for an error that tells this one in other words.

        >>> inner = InputError("got 3 numbers", expected="2")
        >>> print(InputError(f"the model cannot answer: {inner.what}", **inner.rest))
        the model cannot answer: got 3 numbers; expected 2
        """
        known = {"expected": self.expected, "remedy": self.remedy, "got": self.got}
        return {**known, **self.where}

    def fields(self) -> dict[str, Any]:
        """All that the error knows, as JSON has it; what is not known is left out."""
        known = {"what": self.what, "expected": self.expected, "remedy": self.remedy}
        got = {} if self.got is ... else {"got": short_repr(self.got)}
        return {key: value for key, value in {**known, **got, **self.where}.items() if value}

    def __str__(self) -> str:
        return self._on_its_line(
            composed(self.what, self.expected, self.remedy, self.where.get("path", ""))
        )

    def _on_its_line(self, text: str) -> str:
        """The text with the name of the file on one line: a path may hold line breaks."""
        file = printable(self.where.get("file", ""))
        return text.replace(file, one_line(file)) if "\n" in file else text

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self)!r})"

    def __copy__(self) -> Self:
        return _restored(type(self), self.args, dict(vars(self)))

    def __reduce__(self) -> Any:
        return _restored, (type(self), self.args, {k: _portable(x) for k, x in vars(self).items()})


class InputError(NeuroflowError, ValueError):
    """A value, a label or a list handed to neuroflow is not of the kind that was expected."""


class DefinitionError(InputError, TypeError):
    """An op is declared, or its rule written, in a way that cannot be meant; names its lines."""


class ShapeError(InputError):
    """A layer cannot take what comes in: lists in lists of other lengths than it was built for."""


class DomainError(NeuroflowError, ArithmeticError):
    """An op was asked for a number outside its domain: ``log(-1)``, ``0 ** -1``, an overflow."""


class OperatorError(NeuroflowError, TypeError):
    """A Value has no such operator: ``v % 2``, ``v // 2``, ``pow(v, 3, 5)``; says why not."""


class TraceError(NeuroflowError, TypeError):
    """A traced function needed a number that is not known until the compiled run."""


class StateError(NeuroflowError, ValueError):
    """A saved state does not fit the module, or the file that holds it is damaged."""


class Problem(NamedTuple):
    """One thing that is wrong with a configuration; its text is made like an error's."""

    path: str
    what: str
    expected: str = ""
    remedy: str = ""

    def __str__(self) -> str:
        return composed(self.what, self.expected, self.remedy, self.path)


MOST_PROBLEMS = 100
"""So many problems of a configuration are listed in its message."""


class ConfigurationError(NeuroflowError, ValueError):
    """A configuration has ``problems``; the message lists them, each with its path.

    After the first hundred it says how many more there are.

    >>> print(ConfigurationError("moons.toml", problems=[Problem("train.steps", "missing")]))
    moons.toml has a problem:
      train.steps: missing
    """

    def __init__(self, what: str, *, problems: Sequence[Problem] = (), **fields: Any) -> None:
        count = "a problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(f"{what} has {count}" if problems else what, **fields)
        self.problems = tuple(problems)

    def __str__(self) -> str:
        told, more = self.problems[:MOST_PROBLEMS], len(self.problems) - MOST_PROBLEMS
        head = super().__str__() + ":" * bool(told)
        return "\n  ".join([head, *map(str, told), *([f"and {more:,} more"] if more > 0 else [])])

    def fields(self) -> dict[str, Any]:
        """As for every error, and the problems, each as a dict."""
        problems = [{k: x for k, x in p._asdict().items() if x} for p in self.problems]
        return {**super().fields(), **({"problems": problems} if problems else {})}


class RegistryError(NeuroflowError, LookupError):
    """A name is unknown, ambiguous, or of another kind."""


class AmbiguousNameError(RegistryError):
    """A bare name that several plugins offer; the message lists their ids."""


class PluginError(NeuroflowError, RuntimeError):
    """A plugin failed; raised only where plugins are strict or one is needed and missing."""


class FileError(NeuroflowError, OSError):
    """A file could not be read or written; what existed before is untouched."""


class BackendError(NeuroflowError, RuntimeError):
    """A backend is missing, or cannot run what it was given."""


class NeuroflowWarning(NeuroflowError, UserWarning):
    """What a person should know but may ignore; with the same fields as an error."""


def composed(what: str, expected: str = "", remedy: str = "", path: str = "") -> str:
    """The one rule by which parts become a message.

    >>> composed("got -1", "at least 0", "leave it out", path="data.noise")
    'data.noise: got -1; expected at least 0; leave it out'
    """
    text = f"{path}: {what}" if path else what
    text = f"{text}; expected {expected}" if expected else text
    return printable(f"{text}; {remedy}" if remedy else text)


_SPACES = (
    "\n\t\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f"
    "\u3000"
)
"""White space that does nothing but leave room; Python calls only one space printable."""


def printable(text: str) -> str:
    r"""The text with all characters spelled out that are no letters, signs or spaces: what users,
    files or plugins named must not steer a terminal, turn a line around, or hide in it.

    Those are the characters that Python's ``repr`` spells out too (:meth:`str.isprintable`):
    control and format characters, halves of surrogate pairs, and what Unicode does not define.
    Line breaks and tabs stay.

    >>> print(printable("there is no file \x1b[2Jmoons\u202e"))
    there is no file \x1b[2Jmoons\u202e
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in _SPACES else _spelled(c) for c in text)


def one_line(text: str) -> str:
    r"""A name as it stands within a line: as :func:`printable`, with line breaks spelled out.

    >>> print(one_line("moons\nError: no"))
    moons\nError: no
    """
    return printable(text).replace("\n", "\\n").replace("\t", "\\t")


def _spelled(character: str) -> str:
    number = ord(character)
    return f"\\x{number:02x}" if number < 256 else ascii(character)[1:-1]


def short_repr(thing: Any, limit: int = 60) -> str:
    """A thing as a message shows it: its repr, not longer than the limit.

    >>> short_repr("moons"), short_repr(list(range(100)), limit=20)
    ("'moons'", '[0, 1, 2, 3, 4, 5...')
    """
    text = repr(thing)
    return text if len(text) <= limit else f"{text[: limit - 3]}..."


def did_you_mean(word: str, known: Iterable[str], then: str) -> str:
    """A remedy for a misspelled word: the closest known spellings, and what to do then.

    A word that other libraries use for a known one means that one: ``lr`` is ``learning_rate``.

    >>> did_you_mean("tahn", ["relu", "tanh"], "see: neuroflow list activations")
    "did you mean 'tanh'? see: neuroflow list activations"
    >>> did_you_mean("ReLU", ["relu", "tanh"], "see: neuroflow list activations")
    "did you mean 'relu'? see: neuroflow list activations"
    >>> did_you_mean("maxout", ["relu", "tanh"], "see: neuroflow list activations")
    'see: neuroflow list activations'
    """
    from neuroflow.synonyms import meant_by

    names = list(known)
    close = meant_by(word, names)[:2] or difflib.get_close_matches(word, names, n=2, cutoff=0.6)
    hint = f"did you mean {' or '.join(map(repr, close))}?" if close else ""
    return f"{hint} {then}".strip()


def reason(error: object) -> str:
    """What happened, of an error that is told within another: no advice before the end of it.

    >>> reason(InputError("noise is -1", expected="at least 0")), reason(ValueError("no"))
    ('noise is -1', 'no')
    """
    if isinstance(error, NeuroflowError):
        return error.what
    return told_of(error) if isinstance(error, BaseException) else str(error)


LONGEST = 2000
"""Letters of another's message that are shown."""


def told_of(error: BaseException) -> str:
    """What an error of somebody else says, in a readable length, even if saying it fails.

    >>> told_of(ValueError("no licence")), told_of(KeyError())
    ('no licence', '')
    """
    try:
        return _shortened(str(error))
    except Exception as another:
        return f"(and its message cannot be read: {type(another).__name__})"


def raised(error: BaseException) -> str:
    """An error of somebody else within a message: its kind, and what it says.

    >>> raised(ValueError("no licence"))
    'ValueError: no licence'
    """
    return f"{type(error).__name__}: {told_of(error)}"


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]} ... ({len(text):,} letters)"


def require(thing: Any, kinds: type | tuple[type, ...], role: str, wanted: str) -> None:
    """Raise :class:`InputError` unless a thing is of one of the kinds; ``wanted`` says what to do.

    >>> require(3, str, "the name", "a text, such as 'relu'")
    Traceback (most recent call last):
    ...
    neuroflow.errors.InputError: the name is 3, of type int; expected a text, such as 'relu'
    """
    if not isinstance(thing, kinds):
        what = f"{role} is {short_repr(thing)}, of type {type(thing).__name__}"
        raise InputError(what, expected=wanted, got=thing)


def _restored(kind: type[Error], args: tuple[Any, ...], known: dict[str, Any]) -> Error:
    """An error again from what was kept of it, whatever its class asks to be made from."""
    error = kind.__new__(kind)
    error.args = args
    vars(error).update(known)
    return error


def _portable(thing: Any) -> Any:
    """The thing if it can be pickled, or else how it is shown: an error must always arrive."""
    import pickle

    try:
        pickle.dumps(thing)
    except Exception:  # a thing of a user or of a plugin may fail in any way
        return short_repr(thing)
    return thing
