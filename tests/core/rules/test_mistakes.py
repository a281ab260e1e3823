"""What the author of an op is told about a mistake: whose it is, where, and what to write."""

from __future__ import annotations

import copy
import linecache
import pickle
import random

import pytest

import neuroflow as nf
from neuroflow.engine.lower.kernel import RuleError, forward_kernel
from neuroflow.engine.lower.kernels import FallbackWarning


@pytest.fixture(autouse=True)
def numbers_of_nobody():
    """Some of these rules draw from Python's own generator, which is their fault: put it back."""
    state = random.getstate()
    yield
    random.setstate(state)


SQUARE = "@nf.op(formula='x^2')\ndef sq(x):\n    return x * x\n"
PRODUCT = "@nf.op(formula='a b')\ndef prod(a, b):\n    return a * b\n"
SUM = "@nf.op(vectors=True)\ndef ssq(xs):\n    return sum(x * x for x in xs)\n"


def written(source):
    """The last op that somebody wrote in a file of their own, mine.py."""
    text = f"import math, random\nimport neuroflow as nf\n{source}"
    linecache.cache["mine.py"] = (len(text), None, text.splitlines(keepends=True), "mine.py")
    names = {}
    exec(compile(text, "mine.py", "exec"), names)
    return [thing for thing in names.values() if isinstance(thing, nf.Op)][-1]


def used(op, x=1.5):
    """Value and derivative of an op at one point, as everybody asks for them."""
    numbers = [nf.Value(x + k) for k, _ in enumerate(op.parameters)]
    out = op(*([[x, x] for x in numbers] if op.vectors else numbers))
    out.backward()
    return out.data, [x.grad for x in numbers]


def rule(body, parameters="x", declared=""):
    return f"@nf.op({declared})\ndef f({parameters}):\n    {body}\n"


def partials(of, body, parameters="out, x"):
    name = {SQUARE: "sq", PRODUCT: "prod", SUM: "ssq"}[of]
    return f"{of}@{name}.partials\ndef _({parameters}):\n    {body}\n"


AT_THE_DEFINITION = {
    "any number of inputs": (rule("return sum(xs)", "*xs"), "takes any number of inputs (*xs)",
                             "write @op(vectors=True) above def name(xs)"),
    "any keyword": (rule("return x", "x, **k"), "takes any keyword (**)", "(x, *, slope=0.1)"),
    "no input": (rule("return 3.14", ""), "has no input", "a constant is just a number"),
    "a default of an input": (rule("return k * x", "x, k=2.0"),
                              "gives its input k the default 2.0", "after a *: *, k=2.0"),
    "a generator": (rule("yield x"), "yields or is async", "write return"),
    "async": ("@nf.op\nasync def f(x):\n    return x\n", "yields or is async"),
    "a text as a setting": (rule("return x", "x, *, kind='square'"),
                            "has the setting kind='square'", "an op for each case"),
    "nothing as a setting": (rule("return x", "x, *, k=None"), "has the setting k=None"),
    "a list as a setting": (rule("return x", "x, *, k=[1.0]"), "has the setting k=[1.0]"),
    "a Value as a setting": (rule("return x", "x, *, k=nf.Value(2.0)"),
                             "has a Value as its setting", "make k an input"),
    "an unknown keyword": (rule("return x", declared="latex='x'"),
                           "is declared with 'latex'", "formula, domain"),
    "a misspelt keyword": (rule("return x", declared="formular='x'"), "did you mean 'formula'?"),
    "a lambda with an unknown keyword": ("g = nf.op(lambda x: 2 * x, nonsense=1)",
                                         "is declared with 'nonsense'"),
    "a domain in words": (rule("return x", declared="domain='x > 0'"),
                          "'x > 0' is no interval; write it like '(0, inf)'"),
    "a domain backwards": (rule("return x", declared="domain='(1, 0)'"), "the smaller one first"),
    "a domain of words": (rule("return x", declared="domain='(zero, inf)'"), "two numbers"),
    "one domain for two inputs": (rule("return a", "a, b", "domain='(0, inf)'"),
                                  "1 domain for 2 inputs (a, b)", "one for each input"),
    "a bare number as kinks": (rule("return x", declared="kinks=0.0"),
                               "has the kinks 0.0", "kinks=(0.0,)"),
    "a text as kinks": (rule("return x", declared="kinks='low'"), "a tuple of numbers or texts"),
    "a function as kinks": (rule("return x", declared="kinks=abs"), "a tuple of numbers"),
    "nothing as a kink": (rule("return x", declared="kinks=(None,)"), "has the kink None"),
    "a kink of no input": (rule("return x", declared="kinks=('y = 3',)"), "has the kink 'y = 3'",
                           "'ties'"),
    "a formula that is no text": (rule("return x", declared="formula=3"), "has the formula 3"),
    "a convention that is no text": (rule("return x", declared="convention=0"), "convention 0"),
    "partials without out": (partials(SQUARE, "return (2 * x,)", "x"),
                             "has partials that take (x)", "above def _(out, x)"),
    "partials in another order": (partials(PRODUCT, "return (a, b)", "out, b, a"),
                                  "expected (out, a, b)", "named alike and in order"),
    "partials of another op": (partials(SQUARE, "return (1.0,)", "out, t"), "expected (out, x)"),
    "partials with an unknown setting": (partials(SQUARE, "return (x,)", "out, x, *, k"),
                                         "has partials with the setting 'k'", "none"),
    "partials with a misspelt setting": (
        "@nf.op\ndef f(x, *, slope=1.0):\n    return slope * x\n"
        "@f.partials\ndef _(out, x, *, slop):\n    return (slop,)\n", "did you mean 'slope'?"),
    "a name that is no word": (rule("return x", declared="name='my op'"), "has the name 'my op'"),
}  # fmt: skip


AT_THE_FIRST_USE = {
    "two outputs": (rule("return nf.sin(x), nf.cos(x)"), "a tuple, for 1.5",
                    "an op has a single output"),
    "a list of outputs": (rule("return [x * x for x in xs]", "xs", "vectors=True"), "a list"),
    "a forgotten return": (rule("x * 2"), "gave nothing for 1.5", "is a return missing?"),
    "a text": (rule("return 'x'"), "gave 'x' for 1.5", "one number"),
    "a constant": (rule("return 1.0"), "gave 1.0, of type float", "cut off from its inputs",
                   "declare it below @f.partials"),
    "float()": (rule("return float(x) * float(x)"), "cut off", "x itself for float(x)"),
    "math.exp": (rule("return 1 / (1 + math.exp(-x))"), "cut off", "nf.exp for math.exp"),
    "max": (rule("return max(x, 2.0)"), "gave 2.0, of type float", "nf.maximum for max"),
    "an if": (rule("if x > 2: return x\n    return 0.0"), "gave 0.0", "nf.where(x > 0, a, b)"),
    "a ternary": (rule("return x if x > 2 else 0.0"), "gave 0.0", "for an if"),
    "and": (rule("return (x > 2) and x"), "gave False, of type bool", "cut off"),
    "a Value of its own": (
        "w = nf.Value(2.0)\n" + rule("return w * x"), "reads w, a Value", "make it an input"),
    "a Value made inside": (rule("return nf.Value(2.0) * x"), "a Value", "gradient would be lost"),
    "a random number": (rule("return x + random.random()"), "and then", "drawn outside"),
    "a random input": (rule("return x + nf.random_input(random.random)"), "and then"),
    "a generator of its own": ("r = random.Random(1)\n" + rule("return x + r.gauss()"),
                               "reads r, a random generator", "give it as an input"),
    "a dict around it": ("STATE = {'k': 1.0}\n" + rule("return x * STATE['k']"),
                         "reads STATE, a dict, which can change", "write a tuple"),
    "a list around it": ("C = [1.0, 2.0]\n" + rule("return sum([c * x for c in C])"),
                         "reads C, a list"),
    "a closure over a list": (
        "def make():\n    calls = []\n    @nf.op\n    def f(x):\n        calls.append(1)\n"
        "        return x\n    return f\nf = make()\n", "reads calls, a list"),
    "a bare partial": (partials(SQUARE, "return 2 * x"), "give 3.0",
                       "mind the comma: return (...,)"),
    "too few partials": (partials(PRODUCT, "return (b,)", "out, a, b"),
                         "give 1 number for 2 inputs", "(a, b), in order"),
    "too many partials": (partials(SQUARE, "return (2 * x, 1.0)"), "2 numbers for 1 input"),
    "no partials": (partials(SQUARE, "pass"), "give None, which is no tuple"),
    "nothing as a partial": (partials(SQUARE, "return (None,)"), "give None among others"),
    "a list as a partial": (partials(SQUARE, "return ([2 * x],)"), "give [3.0] among others"),
    "slopes of a vector without its list": (partials(SUM, "return [2 * x for x in xs]", "out, xs"),
                                            "expected one list of 2 numbers", "return ([...],)"),
    "too few slopes of a vector": (partials(SUM, "return ([1.0],)", "out, xs"),
                                   "give 1 number in all"),
    "inputs that are changed": (partials(SUM, "xs[0] = 1.0\n    return (xs,)", "out, xs"),
                                "mine.py:8: `xs[0] = 1.0`", "work on a copy"),
    "inputs that are sorted": (rule("xs.sort()\n    return xs[0]", "xs", "vectors=True"),
                               "`xs.sort()`", "work on a copy, list(xs)"),
    "a number among vectors": (rule("return k * sum(a)", "k, a", "vectors=True"),
                               "`return k * sum(a)`: TypeError: can't multiply sequence"),
    ".data": (rule("return x.data * x.data"), "`return x.data * x.data`", "write x for x.data"),
    "a word that means nothing": (rule("return x * factor"), "name 'factor' is not defined",
                                  "mine.py:5"),
    "a position that is not there": (rule("return xs[5]", "xs", "vectors=True"), "IndexError"),
    "a count that is no whole number": (rule("return sum([x for _ in range(n)])", "x, *, n=2.5"),
                                        "cannot be interpreted as an integer", "*, n: int = 3"),
    "a method of arrays": (rule("return x.mean()"), "has no attribute 'mean'"),
    "a missing argument": (rule("return nf.where(x > 0, x)"), "where takes 3 number(s)"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", AT_THE_DEFINITION)
def test_a_wrong_declaration_is_refused_with_the_line_of_its_rule(mistake):
    source, *words = AT_THE_DEFINITION[mistake]
    with pytest.raises(nf.DefinitionError) as caught:
        written(source)
    assert "(mine.py:" in str(caught.value)
    assert [word for word in words if word not in str(caught.value)] == [], caught.value
    assert caught.value.where["file"] == "mine.py"


@pytest.mark.parametrize("mistake", AT_THE_FIRST_USE)
def test_a_wrong_rule_is_told_when_it_is_used(mistake):
    source, *words = AT_THE_FIRST_USE[mistake]
    op = written(source)
    with pytest.raises(nf.InputError) as caught:
        used(op)
    assert [word for word in words if word not in str(caught.value)] == [], caught.value
    report = nf.gradcheck(op)
    assert not report, "the checks find it as well"


def test_a_wrong_rule_is_told_by_compiled_code_too():
    op = written(rule("return x.data"))
    with pytest.warns(FallbackWarning), pytest.raises(nf.DefinitionError, match=r"x for x\.data"):
        nf.compile(lambda x: op(x), backend="numpy").value(1.5)


def test_what_draws_is_not_frozen_by_compiled_code():
    op = written(rule("return x + random.random()"))
    with pytest.raises(RuleError, match="does something else every time"):
        forward_kernel(op, 1)


def test_every_keyword_holds_beside_the_rule():
    double = nf.op(lambda x: 2 * x, name="double", formula="2 x", domain="(0, inf)", kinks=(0.0,),
                   convention="2 at 0", step="mul")  # fmt: skip
    assert (double.name, double.formula, double.kinks) == ("double", "2 x", (0.0,))
    assert (double.domain[0].text, double.convention, double.step) == ("(0, inf)", "2 at 0", "mul")
    assert nf.op(lambda xs: xs[0] * xs[1], vectors=True)([2.0, 3.0]) == 6.0


RNG = nf.SplitMix32(1)


@nf.op(formula="k x")
def scaled(x, *, k):
    """k times x."""
    return k * x


@pytest.mark.parametrize(
    "use",
    [
        lambda: scaled(3.0),
        lambda: scaled(nf.Value(3.0)),
        lambda: nf.op(lambda x: scaled(x) + 1)(3.0),
        lambda: nf.compile(lambda x: scaled(x), backend="numpy").value(3.0),
        lambda: nf.build("layer", inputs=1, outputs=1, activation=scaled, rng=nf.SplitMix32(1))(
            [1]
        ),
    ],
)
def test_a_setting_without_a_default_is_required(use):
    with pytest.raises(nf.InputError, match=r"scaled needs its setting k, .*; write scaled\(x, k="):
        use()
    assert scaled(3.0, k=2.0) == scaled.bind(k=2.0)(3.0) == 6.0
    assert repr(scaled) == "<op scaled(x, k)>"
    assert nf.gradcheck(scaled)


def test_a_whole_setting_is_checked_with_whole_numbers():
    power = written(
        "@nf.op(formula='x^n')\ndef power(x, *, n: int = 3):\n    'Power.'\n    y = 1.0\n"
        "    for _ in range(n):\n        y = y * x\n    return y\n"
    )
    assert nf.gradcheck(power)
    with pytest.raises(nf.InputError, match=r"power got n = 2\.5; expected a whole number"):
        power(1.0, n=2.5)


def test_an_input_given_by_name_and_a_setting_by_position_are_told_apart():
    with pytest.raises(nf.InputError, match=r"leaky_relu got its input 'x' by name; write"):
        nf.ops.leaky_relu(x=1.0)
    with pytest.raises(nf.InputError, match=r"settings are given by name: slope=\.\.\."):
        nf.ops.leaky_relu(1.0, 0.1)
    with pytest.raises(nf.InputError, match=r"did you mean 'slope'\?"):
        nf.ops.leaky_relu(1.0, slop=0.1)


def test_a_rule_is_looked_at_once_and_then_costs_no_more():
    calls = iter(range(10**6))

    @nf.op
    def counted(x):
        next(calls)
        return x * 1.0

    assert [counted(2.0), counted(2.0), counted(nf.Value(2.0)).data] == [2.0] * 3
    assert next(calls) == 4
    assert counted.forward is counted.rule


def test_right_rules_that_look_unusual_are_let_through():
    table = (1.0, 2.0)

    @nf.op
    def polynomial(x):
        return sum([c * x for c in table])

    @polynomial.partials
    def _(_out, _x):
        return (3.0,)

    assert used(polynomial) == (4.5, [3.0])


def test_an_error_of_an_op_crosses_processes():
    with pytest.raises(nf.DefinitionError) as caught:
        written(rule("return x", "*x"))
    assert str(copy.copy(caught.value)) == str(pickle.loads(pickle.dumps(caught.value)))
