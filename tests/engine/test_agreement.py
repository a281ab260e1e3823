"""Every backend gives the numbers of the eager run: ops, activations, losses, layers, graphs.

All bundled ops are put into one function, because one machine is compiled per set of ops.
"""

import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import neuroflow as nf

OPS = sorted(nf.find("*", kind="op"), key=lambda entry: entry.id)


def close(a, b, scale=1.0):
    """Equal to 1e-12 of the size of what goes into the numbers."""
    return abs(a - b) <= 1e-12 * max(scale, abs(a), abs(b))


def same(a, b, scale=1.0):
    if isinstance(a, list):
        return len(a) == len(b) and all(same(x, y, scale) for x, y in zip(a, b, strict=True))
    return close(a, b, scale)


def inside(domain, rng):
    """A number in a domain, away from its ends."""
    while True:
        x = rng.choice([rng.uniform(-2, 2), rng.uniform(0.1, 0.9), rng.uniform(1.2, 3)])
        if x in domain and abs(x) > 0.05:
            return x


def inputs_of(op, rng, length=3):
    if op.vectors:
        return [[inside(domain, rng) for _ in range(length)] for domain in op.domain]
    return [inside(domain, rng) for domain in op.domain]


def every_op(*arguments):
    """The outputs of all bundled ops, each on inputs of its own."""
    entries = iter(arguments)
    return [entry.load()(*next(entries)) for entry in OPS]


def total(*arguments):
    return nf.dot(every_op(*arguments), [1.0 + 0.1 * k for k in range(len(OPS))])


def eager_gradients(function, *arguments):
    """The value and the derivatives by all inputs, nested like them."""
    flat = []

    def lift(x):
        if isinstance(x, (list, tuple)):
            return [lift(entry) for entry in x]
        if isinstance(x, int):
            return x
        flat.append(nf.Value(x))
        return flat[-1]

    lifted = [lift(x) for x in arguments]
    y = function(*lifted)
    y = y if isinstance(y, nf.Value) else nf.Value(y)
    slopes = iter(nf.gradients(y, flat) if flat else [])

    def lower(x):
        if isinstance(x, list):
            return [lower(entry) for entry in x]
        return 0.0 if isinstance(x, int) else next(slopes)

    return y.data, [lower(x) for x in lifted]


def numbers(x):
    if isinstance(x, (list, tuple)):
        return [numbers(entry) for entry in x]
    return x.data if isinstance(x, nf.Value) else x


def test_every_bundled_op_and_its_partials(backend):
    rng = random.Random(1)
    fast = nf.compile(total, backend=backend)
    for _ in range(3):
        arguments = [inputs_of(entry.load(), rng) for entry in OPS]
        value, gradients = eager_gradients(total, *arguments)
        compiled, slopes = fast.value_and_gradients(*arguments)
        assert close(compiled, value)
        for entry, mine, theirs in zip(OPS, slopes.inputs, gradients, strict=True):
            assert same(mine, theirs), entry.id


def test_every_bundled_op_over_lanes(every_backend):
    rng = random.Random(2)
    fast = nf.compile(every_op, backend=every_backend)
    examples = [[inputs_of(entry.load(), rng) for entry in OPS] for _ in range(11)]
    for example, outputs in zip(
        examples, fast.batch_value(*zip(*examples, strict=True)), strict=True
    ):
        for entry, mine, theirs in zip(OPS, outputs, every_op(*example), strict=True):
            assert close(mine, theirs), entry.id


def test_float32_is_close(backend):
    rng = random.Random(3)
    arguments = [inputs_of(entry.load(), rng) for entry in OPS if entry.name != "pow"]

    def some(*arguments):
        each = iter(arguments)
        return [entry.load()(*next(each)) for entry in OPS if entry.name != "pow"]

    fast = nf.compile(some, backend=backend, dtype="float32")
    for mine, theirs in zip(fast.value(*arguments), some(*arguments), strict=True):
        assert mine == pytest.approx(theirs, rel=2e-5, abs=2e-6)


def test_every_activation(backend):
    entries = nf.find("*", kind="activation")

    def activated(entry, xs):
        activation = entry.load()
        return [activation(x) for x in xs] if entry.elementwise else activation(xs)

    def function(*rows):
        pairs = zip(entries, rows, strict=True)
        return nf.sum([nf.dot(activated(e, xs), [0.3, -1.0, 0.7, 2.0]) for e, xs in pairs])

    rows = [[0.5 + 0.01 * k, -1.25, 2.0, -0.3] for k in range(len(entries))]
    value, gradients = eager_gradients(function, *rows)
    compiled, slopes = nf.compile(function, backend=backend).value_and_gradients(*rows)
    assert close(compiled, value)
    for entry, mine, theirs in zip(entries, slopes.inputs, gradients, strict=True):
        assert same(mine, theirs), entry.name


def test_every_loss(every_backend):
    entries = nf.find("*", kind="loss")
    takes_index = [e.index_target or e.name.startswith("cross_entropy") for e in entries]
    pairs = [([0.2, 0.5, 0.3], 1) if index else (0.4, 1.0) for index in takes_index]

    def function(predictions, targets):
        each = zip(entries, predictions, targets, strict=True)
        return nf.sum([entry.load()(p, t) for entry, p, t in each])

    predictions, targets = [list(column) for column in zip(*pairs, strict=True)]
    value, gradients = eager_gradients(lambda p: function(p, targets), predictions)
    compiled, slopes = nf.compile(function, backend=every_backend).value_and_gradients(
        predictions, targets
    )
    assert close(compiled, value)
    for entry, mine, theirs in zip(entries, slopes.inputs[0], gradients[0], strict=True):
        assert same(mine, theirs), entry.name


def test_third_party_ops_compile_unchanged(every_backend):
    @nf.op
    def swirl(x, y):
        """Something that no bundled op does."""
        return nf.sin(x) * nf.exp(-y * y) + nf.where(x > y, x, y * y)

    @nf.op(vectors=True)
    def spread(xs):
        """Largest less smallest, smoothly."""
        return nf.log(sum(nf.exp(x) for x in xs)) + nf.log(sum(nf.exp(-x) for x in xs))

    def function(xs, y):
        return swirl(spread(xs), y) + swirl(y, xs[0])

    arguments = ([0.3, -0.4, 1.1], 0.2)
    value, gradients = eager_gradients(function, *arguments)
    compiled, slopes = nf.compile(function, backend=every_backend).value_and_gradients(*arguments)
    assert close(compiled, value)
    assert same(slopes.inputs, gradients)


UNARY = ("tanh", "sin", "relu", "sigmoid", "neg", "exp")
BINARY = ("add", "sub", "mul", "maximum")


@st.composite
def graphs(draw):
    """A program: each instruction uses earlier values, so diamonds and re-use are common."""
    n_inputs = draw(st.integers(1, 3))
    program = []
    for k in range(draw(st.integers(0, 12))):
        known = st.integers(0, n_inputs + k - 1)
        kind = draw(st.sampled_from(["unary", "binary", "dot", "sum", "constant", "chain"]))
        if kind == "unary":
            program.append((kind, draw(st.sampled_from(UNARY)), [draw(known)]))
        elif kind == "binary":
            program.append((kind, draw(st.sampled_from(BINARY)), [draw(known), draw(known)]))
        elif kind == "constant":
            program.append((kind, draw(st.floats(-2, 2)), [draw(known)]))
        elif kind == "chain":
            program.append((kind, draw(st.integers(1, 9)), [draw(known)]))
        else:
            n = draw(st.integers(1, 4))
            program.append((kind, n, draw(st.lists(known, min_size=2 * n, max_size=2 * n))))
    return n_inputs, program


def run_graph(program, xs):
    values = list(xs)
    for kind, what, which in program:
        chosen = [values[k] for k in which]
        if kind == "unary":
            values.append(getattr(nf.ops, what)(nf.ops.tanh(chosen[0])))
        elif kind == "binary":
            a, b = chosen
            values.append(
                nf.ops.maximum(a, b) if what == "maximum" else getattr(nf.ops, what)(a, b)
            )
        elif kind == "constant":
            values.append(chosen[0] * what + what)
        elif kind == "chain":
            x = chosen[0]
            for _ in range(what):
                x = nf.ops.tanh(x + 0.1)
            values.append(x)
        elif kind == "dot":
            half = len(chosen) // 2
            values.append(
                nf.ops.tanh(sum(a * b for a, b in zip(chosen[:half], chosen[half:], strict=True)))
            )
        else:
            values.append(nf.ops.tanh(nf.sum(chosen)))
    return values[-1]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(graphs(), st.lists(st.floats(-1.5, 1.5), min_size=3, max_size=3), st.booleans())
def test_generated_graphs(backend, graph, xs, batched):
    n_inputs, program = graph

    def function(*inputs):
        return run_graph(program, inputs)

    arguments = xs[:n_inputs]
    fast = nf.compile(function, backend=backend)
    value, gradients = eager_gradients(function, *arguments)
    if batched:
        outputs = fast.batch_value(*[[x] * 9 for x in arguments])
        assert all(close(y, value) for y in outputs)
        return
    compiled, slopes = fast.value_and_gradients(*arguments)
    assert close(compiled, value)
    scale = max(1.0, *map(abs, gradients))
    assert same(slopes.inputs, gradients, scale)


def test_a_deep_chain(backend):
    def chain(x):
        for _ in range(3000):
            x = nf.ops.tanh(x) * 1.001
        return x

    value, gradients = eager_gradients(chain, 0.5)
    compiled, slopes = nf.compile(chain, backend=backend).value_and_gradients(0.5)
    assert close(compiled, value)
    assert same(slopes.inputs, gradients)


@pytest.mark.parametrize("single", ["input", "parameter", "number"])
def test_single_nodes(single, every_backend):
    w = nf.Value(3.0)
    function = {"input": lambda x: x, "parameter": lambda x: w, "number": lambda x: 5.0}[single]
    value, slopes = nf.compile(function, backend=every_backend).value_and_gradients(2.0)
    assert value == {"input": 2.0, "parameter": 3.0, "number": 5.0}[single]
    assert slopes.inputs == [1.0 if single == "input" else 0.0]
    if single == "parameter":
        assert slopes[w] == 1.0
    assert nf.compile(function, backend=every_backend).batch_value([2.0] * 20) == [value] * 20


def test_parameters_are_read_anew_and_have_gradients(every_backend):
    w = nf.Value(3.0)

    def function(x):
        return w * x + w * w

    fast = nf.compile(function, backend=every_backend)
    assert fast.value(2.0) == 15.0
    w.data = 1.0
    value, gradients = fast.value_and_gradients(2.0)
    assert (value, gradients[w]) == (3.0, 4.0)
    value, gradients = fast.batch_value_and_gradients([1.0, 3.0] * 8)
    assert (value, gradients[w]) == (3.0, 4.0)


def test_runs_are_the_same_bit_for_bit(every_backend):
    rng = random.Random(5)
    model = nf.build("mlp", sizes=[3, 7, 1], activation="tanh", rng=rng)
    xs = [[rng.gauss(0, 1) for _ in range(3)] for _ in range(13)]
    compiled = [nf.compile(model, backend=every_backend) for _ in range(2)]
    runs = [each.batch_value_and_gradients(xs) for each in compiled]
    assert runs[0][0] == runs[1][0]
    assert runs[0][1].parameters == runs[1][1].parameters
