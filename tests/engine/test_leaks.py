"""What was traced and compiled is freed when nobody needs it any more, and caches have a size."""

import gc
import random
import warnings
import weakref
from importlib import import_module

import pytest

import neuroflow as nf
from neuroflow.engine.make_runner import make_runner
from neuroflow.engine.plan.function import RetraceWarning
from neuroflow.engine.run.schedule import FEW_NUMBERS
from neuroflow.engine.session import Session

pytestmark = pytest.mark.filterwarnings(f"ignore::{RetraceWarning.__module__}.RetraceWarning")


@pytest.fixture
def few(monkeypatch):
    """How many traces are kept: fewer than usual."""
    for module in ("plan.function", "compile"):
        monkeypatch.setattr(import_module(f"neuroflow.engine.{module}"), "KEPT", 5)
    return 5


class Scaled(nf.Module):
    """One parameter."""

    def __init__(self, weight=1.0):
        self.weight = nf.Value(weight)

    def forward(self, x):
        return x * self.weight


def squared_error(model, x, y):
    return (model(x) - y) ** 2


def runner_of(model, examples, **options):
    return make_runner(model, squared_error, examples, nf.get("optimizer", "sgd").load(), **options)


def sessions_of(compiled):
    """The two that a compiled function has for its last modules."""
    bound = [*compiled._bound.values()][-1]
    return bound.values, bound.gradients


def test_programs_of_dropped_traces_leave_their_places(backend, few):
    fast = nf.compile(lambda xs: nf.sum(xs), backend=backend)
    for n in range(1, 3 * few):
        assert fast.value([1.0] * n) == n
    values, _ = sessions_of(fast)
    assert len(values.executor.programs) <= few + 1
    for n in (3 * few - 1, 1, 2 * few + 3):  # kept, dropped, kept: each has its own program
        assert fast.value([1.0] * n) == n
        assert fast.value_and_gradients([1.0] * n)[1].inputs == [[1.0] * n]


def test_a_dropped_trace_is_freed(backend, few):
    fast = nf.compile(lambda xs: nf.sum(xs), backend=backend)
    fast.value([1.0])
    function = sessions_of(fast)[0].function
    first = weakref.ref(next(iter(function._traces.values())))
    for n in range(2, few + 1):
        fast.value([1.0] * n)
    assert first() is not None
    fast.value([1.0] * (few + 1))
    gc.collect()
    assert first() is None


def test_a_program_keeps_its_place_as_long_as_its_trace_is_held(backend, few):
    """Whoever runs a program again and again holds its trace: it is never another's."""
    fast = nf.compile(lambda xs: nf.sum([x * x for x in xs]), backend=backend)
    session: Session = sessions_of(fast)[0]
    trace = session.function.trace((("f",) * 3,))
    number = session.begin(trace)
    program = session.executor.programs[number]
    for n in range(4, 2 * few):
        fast.value([1.0] * n)
    assert session.executor.programs[number] is program
    assert session.begin(trace) == number


class OtherLengths:
    """Examples of which each has another length whenever it is asked for."""

    def __init__(self):
        self.asked = 0

    def __len__(self):
        return 3

    def __getitem__(self, k):
        self.asked += 1
        return [0.1 * self.asked] * (1 + self.asked % 11), 1.0


class Summed(nf.Module):
    """One weight for all."""

    def __init__(self):
        self.weight = nf.Value(0.01)

    def forward(self, xs):
        return nf.sum([x * self.weight for x in xs])


def test_helpers_follow_programs_that_took_the_place_of_others(backend, few):
    runners = [
        runner_of(Summed(), OtherLengths(), backend=backend, threads=threads, compare=False)
        for threads in (1, 3)
    ]
    for _ in range(8):
        alone, shared = [runner.run([[0, 1, 2]], [1e-4]) for runner in runners]
        assert alone == pytest.approx(shared, rel=1e-12)
    assert len(runners[1].executor.programs) < 8


def test_what_a_compiled_function_was_given_is_freed(backend, few):
    fast = nf.compile(lambda model, x: model(x), backend=backend)
    models = [Scaled(float(k)) for k in range(few + 10)]
    assert [fast.value(model, 2.0) for model in models] == [2.0 * k for k in range(few + 10)]
    freed = [weakref.ref(model) for model in models]
    del models
    gc.collect()
    assert sum(model() is not None for model in freed) == few
    del fast
    gc.collect()
    assert not any(model() for model in freed)


def test_a_fresh_function_and_all_that_was_made_of_it_are_freed(backend):
    def made():
        model = Scaled()
        fast = nf.compile(lambda x: model(x), backend=backend)
        fast.value_and_gradients(1.0)
        values, gradients = sessions_of(fast)
        return [weakref.ref(x) for x in (model, fast, values.executor, gradients.function)]

    kept = made()
    gc.collect()
    assert [x() for x in kept] == [None] * 4


def test_surgery_frees_what_was_there_before(backend):
    runner = runner_of(Scaled(), [(1.0, 2.0)], backend=backend)
    runner.run([[0]], [0.1])
    gone = [weakref.ref(x) for x in (runner.model, runner.executor, runner.loss)]
    runner.model = Scaled(2.0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        runner.run([[0]], [0.1])
    gc.collect()
    assert [x() for x in gone] == [None] * 3


class Changing:
    """One example that is another one each time."""

    def __init__(self):
        self.rng = random.Random(1)

    def __len__(self):
        return 1

    def __getitem__(self, k):
        return [self.rng.random() for _ in range(100)], 0.0


def test_numbers_of_examples_that_keep_changing_do_not_pile_up():
    class Mean(nf.Module):
        def __init__(self):
            self.weight = nf.Value(0.5)

        def forward(self, xs):
            return nf.mean(xs) * self.weight

    steps = FEW_NUMBERS // 100 + 50
    compiled, eager = (
        runner_of(Mean(), Changing(), backend=b, compare=False) for b in ("numpy", "eager")
    )
    losses = [runner.run([[0]], [0.1])[0] for runner in (compiled, eager) for _ in range(steps)]
    assert losses[:steps] == pytest.approx(losses[steps:], rel=1e-12)
    assert len(compiled.flat.numbers) < FEW_NUMBERS


def test_a_module_made_inside_forward_is_freed():
    made = []

    class Outer(nf.Module):
        def forward(self, x):
            inner = Scaled()
            made.append(weakref.ref(inner))
            return inner(x)

    outer = Outer()
    answers = [outer(nf.Value(1.0)).data for _ in range(5)]
    fast = nf.compile(lambda x: outer(x), backend="numpy")
    answers.append(fast.value(1.0))
    del fast
    gc.collect()
    assert answers == [1.0] * 6
    assert not any(model() for model in made)
