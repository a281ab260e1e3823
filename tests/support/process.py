"""The state of a process that every test of it sees: one table says how to read it and put it back.

A state is a flat dictionary, such as ``{"environment HOME": "/root", "limit RLIMIT_NOFILE": ...}``;
what is not there is ``ABSENT``.
"""

from __future__ import annotations

import gc
import locale
import os
import random
import resource
import signal
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from attrs import frozen

ABSENT = "(absent)"
OF_LIBRARIES = {
    "PYTEST_CURRENT_TEST": "pytest says where it is",
    "KMP_DUPLICATE_LIB_OK": "scikit-learn sets it when it is imported",
    "KMP_INIT_AT_FORK": "scikit-learn sets it when it is imported",
    "TORCHINDUCTOR_CACHE_DIR": "PyTorch sets it when it compiles",
}
"""Variables of the environment that are not the tests' doing."""


@frozen
class Part:
    """One part of the state: ``read()`` gives names and values, ``put_back(name, value)`` sets one.

    ``allowed(before, after)`` says which changes are not a test's doing.
    """

    name: str
    read: Callable[[], dict[str, Any]]
    put_back: Callable[[str, Any], object]
    allowed: Callable[[Any, Any], bool] = lambda before, after: False


# --- what the operating system keeps for a process ------------------------------------------------


def directory() -> dict[str, Any]:
    """Where relative paths begin."""
    try:
        return {"": os.getcwd()}
    except FileNotFoundError:
        return {"": "(a folder that was deleted)"}


def environment() -> dict[str, Any]:
    """The variables, but for those that libraries set."""
    return {name: value for name, value in os.environ.items() if name not in OF_LIBRARIES}


def put_back_variable(name: str, value: str) -> None:
    """Set or delete one variable."""
    if value == ABSENT:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


def umask() -> dict[str, Any]:
    """The permissions that new files do not get; asking the system for it would change it."""
    status = Path("/proc/self/status").read_text()
    return {"": int(status.partition("Umask:")[2].split()[0], 8)}


LIMITS = {name: getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")}
SIGNALS = {getattr(number, "name", str(number)): number for number in signal.valid_signals()}


def limits() -> dict[str, Any]:
    """How much of each resource the process may use."""
    return {name: resource.getrlimit(number) for name, number in LIMITS.items()}


def handlers() -> dict[str, Any]:
    """What happens when a signal comes."""
    return {name: signal.getsignal(number) for name, number in SIGNALS.items()}


def put_back_handler(name: str, handler: Any) -> None:
    """Set one handler, if it is one that Python can set."""
    if handler is not None:
        signal.signal(SIGNALS[name], handler)


# --- what Python keeps ----------------------------------------------------------------------------


INTERPRETER = {
    "recursion limit": (sys.getrecursionlimit, sys.setrecursionlimit),
    "switch interval": (sys.getswitchinterval, sys.setswitchinterval),
    "digits of an int": (sys.get_int_max_str_digits, sys.set_int_max_str_digits),
    "garbage collection": (gc.isenabled, lambda on: gc.enable() if on else gc.disable()),
    "garbage thresholds": (gc.get_threshold, lambda three: gc.set_threshold(*three)),
    "trace function": (sys.gettrace, sys.settrace),
    "profile function": (sys.getprofile, sys.setprofile),
}
LISTS = ("argv", "path", "meta_path", "path_hooks")
HOOKS = ("excepthook", "displayhook", "unraisablehook", "breakpointhook")


def put_back_of_sys(name: str, value: Any) -> None:
    """Set one attribute of ``sys``; a list keeps its identity, as others hold it."""
    if name in LISTS:
        getattr(sys, name)[:] = value
    else:
        setattr(sys, name, value)


def hooked_by_an_import(before: Any, after: Any) -> bool:
    """Whether an import brought hooks of its library along, as those of six and absl do."""
    if not isinstance(before, list) or not isinstance(after, list):
        return False
    added = [x for x in after if x not in before]
    homes = [getattr(sys.modules.get(type(x).__module__), "__file__", None) or "" for x in added]
    kept = [x for x in after if x in before] == before
    return kept and all(home.startswith(sys.prefix) for home in homes)


def modules() -> dict[str, Any]:
    """What an import finds without looking."""
    return dict(sys.modules)


def put_back_module(name: str, module: Any) -> None:
    """Forget a module, or remember one."""
    if module == ABSENT:
        sys.modules.pop(name, None)
    else:
        sys.modules[name] = module


LASTING = (sys.prefix, str(Path(__file__).parents[2]))
"""Where modules come from that are there for more than one test, wherever that is."""


def is_an_import(before: Any, after: Any) -> bool:
    """Whether a module is new and may stay: not one from the folder of a test."""
    spec = getattr(after, "__spec__", None)
    origin = str(getattr(spec, "origin", None) or getattr(after, "__file__", None) or "")
    of_a_test = origin.startswith(tempfile.gettempdir()) and not origin.startswith(LASTING)
    return before == ABSENT and after is not None and not of_a_test


def threads() -> dict[str, Any]:
    """Whatever else runs in this process."""
    alive = [thread for thread in threading.enumerate() if thread.is_alive()]
    return {f"{thread.name} ({thread.ident})": thread for thread in alive}


DRAW_AT_IMPORT = ("sklearn", "rich.style")


def generators() -> dict[str, Any]:
    """The random generators that belong to nobody, of the modules that are imported.

    Some draw from Python's while they are imported, so whether they were is part of the state.
    """
    drawing = [name for name in DRAW_AT_IMPORT if name in sys.modules]
    states = {"random": (random.getstate(), drawing)}
    if numpy := sys.modules.get("numpy"):
        kind, words, *rest = numpy.random.get_state()
        states["numpy.random"] = (kind, words.tobytes(), *rest)
    if torch := sys.modules.get("torch"):
        states["torch"] = torch.get_rng_state().numpy().tobytes()
    return states


def drawn_by_an_import(before: Any, after: Any) -> bool:
    """Whether a module was imported in between that brings its generator, or draws at import."""
    of_python = before != ABSENT and isinstance(before[0], tuple)
    return before == ABSENT or (of_python and before[1] != after[1])


def put_back_generator(name: str, state: Any) -> None:
    """Set one generator to where it was."""
    if name == "random":
        random.setstate(state[0])
    elif name == "numpy.random":
        kind, words, *rest = state
        numpy = sys.modules["numpy"]
        numpy.random.set_state((kind, numpy.frombuffer(words, numpy.uint32), *rest))
    elif name == "torch":
        torch = sys.modules["torch"]
        torch.set_rng_state(torch.frombuffer(bytearray(state), dtype=torch.uint8))


def numpy_settings() -> dict[str, Any]:
    """How numpy judges overflow and prints arrays, if it is imported."""
    numpy = sys.modules.get("numpy")
    return {} if numpy is None else {"errors": numpy.geterr(), "print": numpy.get_printoptions()}


def put_back_numpy(name: str, value: Any) -> None:
    """Set how numpy judges or prints."""
    if value != ABSENT:
        numpy = sys.modules["numpy"]
        (numpy.seterr if name == "errors" else numpy.set_printoptions)(**value)


PARTS = (
    Part("working directory", directory, lambda _, path: os.chdir(path)),
    Part("environment", environment, put_back_variable),
    Part("umask", umask, lambda _, mask: os.umask(mask)),
    Part("limit", limits, lambda name, pair: resource.setrlimit(LIMITS[name], pair)),
    Part("signal handler", handlers, put_back_handler),
    Part(
        "blocked signals",
        lambda: {"": signal.pthread_sigmask(signal.SIG_BLOCK, ())},
        lambda _, blocked: signal.pthread_sigmask(signal.SIG_SETMASK, blocked),
    ),
    Part(
        "timer",
        lambda: {"": signal.getitimer(signal.ITIMER_REAL)[0] > 0},
        lambda *_: signal.setitimer(signal.ITIMER_REAL, 0),
    ),
    Part(
        "locale",
        lambda: {"": locale.setlocale(locale.LC_ALL)},
        lambda _, name: locale.setlocale(locale.LC_ALL, name),
    ),
    Part(
        "sys",
        lambda: (
            {name: list(getattr(sys, name)) for name in LISTS}
            | {name: getattr(sys, name) for name in HOOKS}
        ),
        put_back_of_sys,
        allowed=hooked_by_an_import,
    ),
    Part(
        "interpreter",
        lambda: {name: get() for name, (get, _) in INTERPRETER.items()},
        lambda name, value: INTERPRETER[name][1](value),
    ),
    Part("module", modules, put_back_module, allowed=is_an_import),
    Part("random state", generators, put_back_generator, allowed=drawn_by_an_import),
    Part("numpy", numpy_settings, put_back_numpy, allowed=lambda before, _: before == ABSENT),
    Part("thread", threads, lambda *_: None, allowed=lambda _, after: after == ABSENT),
)
