"""Objects of which there is one: what runs, with its locks and its compiled code."""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn

from neuroflow.errors import OperatorError


class Uncopied:
    """The base of what can neither be copied nor pickled, and says what can.

    >>> import copy
    >>> class Machine(Uncopied):
    ...     copy_instead = "copy its plan"
    >>> copy.copy(Machine())
    Traceback (most recent call last):
    neuroflow.errors.OperatorError: a Machine runs, and cannot be copied or pickled; copy its plan
    """

    __slots__ = ()
    copy_instead: ClassVar[str]

    def __reduce_ex__(self, protocol: Any) -> NoReturn:
        what = f"a {type(self).__name__} runs, and cannot be copied or pickled"
        raise OperatorError(what, remedy=self.copy_instead)
