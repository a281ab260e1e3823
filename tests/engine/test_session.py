"""Any number of threads may use what is compiled: each gets the answer to its own inputs."""

import json
import os
import subprocess
import sys
import threading
from functools import partial

import pytest

import neuroflow as nf
from neuroflow.engine import comparison
from neuroflow.engine.session import Session
from tests.support.long_tests import all_but

THREADS = range(4)
CALLS = 100

forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")


def run(code, *arguments):
    """What a process of its own prints, which may set how often threads take turns."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code, *arguments],
        capture_output=True, text=True, timeout=100,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr, done.stderr  # of a thread, which ends nothing else
    return done.stdout


EVERY_CALL = """
import json, sys, threading
import neuroflow as nf
backend, dtype = sys.argv[1:]
model = nf.build("mlp", sizes=[2, 6, 1], activation="tanh", rng=nf.SplitMix32(1))
fast = nf.compile(lambda x: (model(x) - 1.0) ** 2, backend=backend, dtype=dtype)
def asked(k):
    x, xs = [0.1 * k, 0.2], [[0.1 * k, 0.01 * j] for j in range(20)]
    def slopes(found):
        return [found[0], found[1].parameters, found[1].inputs]
    return {
        "value": lambda: fast.value(x),
        "batch": lambda: fast.batch_value(xs),
        "gradients": lambda: slopes(fast.value_and_gradients(x)),
        "batch gradients": lambda: slopes(fast.batch_value_and_gradients(xs)),
    }
right = [{name: ask() for name, ask in asked(k).items()} for k in range(4)]
wrong = dict.fromkeys(right[0], 0)
def use(k):
    for _ in range(60):
        for name, ask in asked(k).items():
            wrong[name] += ask() != right[k][name]
sys.setswitchinterval(1e-5)
threads = [threading.Thread(target=use, args=(k,)) for k in range(4)]
[t.start() for t in threads]; [t.join() for t in threads]
print(json.dumps([wrong, sorted({type(p).__name__ for p in model.parameters()})]))
"""


@pytest.mark.parametrize("dtype", all_but(["float64", "float32"], ["float64"]))
def test_one_compiled_function_answers_four_threads(backend, dtype):
    wrong, types = json.loads(run(EVERY_CALL, backend, dtype))
    assert wrong == {"value": 0, "batch": 0, "gradients": 0, "batch gradients": 0}
    assert types == ["Value"]


def test_threads_may_trace_at_once(backend, together):
    """Each call is the first of its structure, so that traces, plans and programs are made."""
    model = nf.build("mlp", sizes=[1, 3, 1], activation="tanh", rng=nf.SplitMix32(1))

    def total(xs):
        return nf.sum([model([x]) for x in xs])

    fast = nf.compile(total, backend=backend)

    def use(k):
        return [fast.value_and_gradients([0.1 * k] * n)[0] for n in range(1, 8)]

    found = together(*[partial(use, k) for k in THREADS])
    for k, values in zip(THREADS, found, strict=True):
        right = [total([0.1 * k] * n).data for n in range(1, 8)]
        assert values == pytest.approx(right, rel=1e-12, abs=1e-15)
    assert {type(p) for p in model.parameters()} == {nf.Value}


def test_compiled_functions_may_call_each_other_in_their_traces(backend, together):
    """Two threads, each inside the trace of one, wait until both are, and call the other."""
    both_trace = threading.Barrier(2, timeout=30)

    def first(x):
        both_trace.wait()
        return x * second_again.value(1.0)

    def second(x):
        both_trace.wait()
        return x + first_again.value(2.0)

    first_again = nf.compile(lambda x: x * 10.0, backend=backend)
    second_again = nf.compile(lambda x: x + 100.0, backend=backend)
    one, two = nf.compile(first, backend=backend), nf.compile(second, backend=backend)
    assert together(lambda: one.value(3.0), lambda: two.value(3.0)) == [303.0, 23.0]


def test_a_function_in_whose_trace_another_thread_uses_it(backend):
    """The lock of a session is free while its function is traced."""
    answers = []

    def square(x):
        if depth:
            depth.pop()
            thread = threading.Thread(target=lambda: answers.append(fast.value(2.0)), daemon=True)
            thread.start()
            thread.join(timeout=30)
        return x * x

    depth = [1]
    fast = nf.compile(square, backend=backend)
    assert fast.value(3.0) == 9.0
    assert answers == [4.0]


def test_a_call_that_fails_harms_no_other(backend, together):
    table = [nf.Value(float(k)) for k in range(3)]
    fast = nf.compile(lambda x, i: nf.log(x) * nf.take(table, i), backend=backend)
    right = fast.value_and_gradients(2.0, 1)

    def fails():
        for _ in range(CALLS):
            with pytest.raises(nf.DomainError, match="gave nan"):
                fast.value(-1.0, 1)
            with pytest.raises(nf.InputError, match="the index 7"):
                fast.value_and_gradients(2.0, 7)

    def works():
        return [fast.value_and_gradients(2.0, 1) for _ in range(CALLS)]

    for found in together(fails, works, fails, works)[1::2]:
        for value, slopes in found:
            assert (value, slopes.inputs, slopes.parameters) == (
                right[0], right[1].inputs, right[1].parameters,
            )  # fmt: skip


@nf.op
def picky(x):
    """The number itself, by a rule that no backend can compile and that refuses some."""
    if float(x) > 3.0:
        raise RuntimeError("more than three")
    return x


@pytest.mark.filterwarnings("ignore::neuroflow.engine.lower.kernels.FallbackWarning")
def test_a_rule_that_raises_in_the_middle_of_a_run_leaves_the_session_sound(backend, together):
    fast = nf.compile(lambda x: picky(x) * 2.0, backend=backend)
    assert fast.value(1.0) == 2.0

    def fails():
        for _ in range(CALLS):
            with pytest.raises(RuntimeError, match="more than three"):
                fast.value(4.0)

    def works(x):
        return {fast.value(x) for _ in range(CALLS)}

    found = together(fails, partial(works, 1.0), fails, partial(works, 2.0))
    assert found[1::2] == [{2.0}, {4.0}]


SPREAD = """
import sys, threading
import neuroflow as nf
from neuroflow.engine.numbers import read_numbers, write_numbers
weights = [nf.Value(0.0) for _ in range(200)]
fast = nf.compile(lambda x: x * (nf.maximum(*weights) - nf.minimum(*weights)), backend=sys.argv[1])
fast.value(1.0)
seen = set()
def change():
    for k in range(300):
        write_numbers(weights, [float(k)] * len(weights))
def look():
    for _ in range(150):
        numbers = read_numbers(weights)
        seen.update([fast.value(1.0), max(numbers) - min(numbers)])
sys.setswitchinterval(1e-5)
threads = [threading.Thread(target=work) for work in (change, look, change, look)]
[t.start() for t in threads]; [t.join() for t in threads]
print(seen)
"""


def test_a_run_sees_the_parameters_of_one_moment(backend):
    """All parameters are equal before and after each change, so their spread is always 0."""
    assert run(SPREAD, backend) == "{0.0}\n"


def squared(model, x, y):
    return (model(x) - y) ** 2


EXAMPLES = [([0.1 * k, 0.2], 0.05 * k) for k in range(16)]


def trainer(backend):
    model = nf.build("mlp", sizes=[2, 4, 1], activation="tanh", rng=nf.SplitMix32(3))
    adam = nf.get("optimizer", "adam").load()
    return nf.make_runner(model, squared, EXAMPLES, adam, backend=backend)


BATCHES = [[k % 16, (k + 5) % 16] for k in range(60)]
RATES = [0.05] * 60


@pytest.mark.parametrize("runs", ["eager", "numpy", "llvm"])
def test_training_is_not_disturbed_by_threads_that_look(runs, together):
    if runs == "llvm":
        pytest.importorskip("llvmlite")
    alone, watched = trainer(runs), trainer(runs)
    losses = alone.run(BATCHES, RATES)
    compiled = nf.compile(lambda model, x: model(x), backend="numpy")

    def train():
        return [watched.run([batch], [0.05])[0] for batch in BATCHES]

    def look():
        for k in range(20):
            row = EXAMPLES[k % 16][0]
            with nf.evaluating():
                watched.predict([row])
                watched.losses([k % 16])
            watched.gradients([1, 2]) if runs != "eager" else None
            compiled.value(watched.model, row)
            y = watched.model(row)
            nf.gradients(y, watched.parameters)

    assert together(train, look, look, look)[0] == losses
    assert [p.data for p in watched.parameters] == [p.data for p in alone.parameters]
    assert {type(p) for p in watched.parameters} == {nf.Value}
    assert watched.model.training


def test_no_step_is_made_while_another_thread_compares(together, monkeypatch):
    """Else the comparison would see the parameters of two moments, and blame the backend."""
    compares, trained, steps = threading.Event(), threading.Event(), []
    of_values = comparison.eager_outcome

    def slow(*given):
        if not compares.is_set():
            compares.set()
            trained.wait(0.3)
            steps.append(runner.steps)
        return of_values(*given)

    monkeypatch.setattr(comparison, "eager_outcome", slow)
    runner = trainer("numpy")

    def train():
        compares.wait(5)
        runner.run([[0]], [0.05])
        trained.set()

    together(lambda: runner.gradients([3, 4]), train)
    assert (steps, runner.steps) == ([0], 1)


@pytest.mark.parametrize("runs", ["eager", "numpy", "llvm"])
def test_one_runner_answers_four_threads(runs, together):
    if runs == "llvm":
        pytest.importorskip("llvmlite")
    runner = trainer(runs)

    def use(k):
        row = [EXAMPLES[k][0]]
        return (
            runner.predict(row), runner.losses([k, k + 1]), runner.gradients([k, k + 2, 15 - k])
        )  # fmt: skip

    right = [use(k) for k in THREADS]

    def often(k):
        return [use(k) for _ in range(20)]

    for k, found in enumerate(together(*[partial(often, k) for k in THREADS])):
        assert all(answer == right[k] for answer in found)


def test_eager_gradients_answer_four_threads(together):
    model = nf.build("mlp", sizes=[2, 8, 1], activation="tanh", rng=nf.SplitMix32(1))
    weights = model.parameters()
    weights[0].grad = 5.0

    def use(k):
        return nf.gradients(model([0.1 * k, 0.2]), weights)

    def often(k):
        return [use(k) for _ in range(20)]

    right = [use(k) for k in THREADS]
    for k, found in enumerate(together(*[partial(often, k) for k in THREADS])):
        assert all(slopes == right[k] for slopes in found)
    assert [w.grad for w in weights] == [5.0] + [0.0] * (len(weights) - 1)


def test_every_front_of_the_engine_is_a_session():
    """Compiled functions and runners; generation has a test of its own."""
    fast = nf.compile(lambda x: x * x, backend="numpy")
    assert {type(part) for part in (fast._bind(()).values, fast._bind(()).gradients)} == {Session}
    runner = trainer("numpy")
    assert {type(x) for x in (runner.session, runner._predictor)} == {Session}


@forks
def test_a_forked_process_goes_on_while_threads_of_its_parent_were_running(backend):
    code = """
import os, sys, threading
import neuroflow as nf
fast = nf.compile(lambda x: x * x + nf.sin(x), backend=sys.argv[1])
right = [fast.value_and_gradients(0.1 * k)[0] for k in range(4)]
stop = threading.Event()
def use(k):
    while not stop.is_set():
        fast.value_and_gradients(0.1 * k)
threads = [threading.Thread(target=use, args=(k,)) for k in range(3)]
[t.start() for t in threads]
codes = []
for _ in range(5):
    child = os.fork()
    if not child:
        again = [fast.value_and_gradients(0.1 * k)[0] for k in range(4)]
        fresh = nf.compile(lambda x: x * 2.0, backend=sys.argv[1]).value(3.0)
        os._exit(0 if again == right and fresh == 6.0 else 1)
    codes.append(os.waitpid(child, 0)[1])
stop.set(); [t.join() for t in threads]
print(codes)
"""
    assert run(code, backend) == "[0, 0, 0, 0, 0]\n"
