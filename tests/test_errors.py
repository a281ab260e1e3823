"""Errors know their parts; public functions name a wrong argument at once, with no bare error."""

from __future__ import annotations

import copy
import math
import pickle
import re
from pathlib import Path

import pytest

import neuroflow as nf
from neuroflow import errors
from tests.support import errors as sources

PACKAGE = Path(nf.__file__).parent
BUNDLED = PACKAGE.parent / "plugins" / "neuroflow_plugins"
FILES = sorted([*PACKAGE.rglob("*.py"), *BUNDLED.rglob("*.py")])

TREE_OF_ERRORS = [
    kind for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, errors.NeuroflowError)
]  # fmt: skip


@pytest.mark.parametrize("kind", TREE_OF_ERRORS, ids=lambda kind: kind.__name__)
def test_a_message_is_made_of_its_fields(kind):
    error = kind("got -1", expected="at least 0", remedy="leave it out", got=-1, path="data.noise")
    assert str(error) == "data.noise: got -1; expected at least 0; leave it out"
    assert repr(error) == f"{kind.__name__}({str(error)!r})"
    assert (error.what, error.expected, error.remedy) == ("got -1", "at least 0", "leave it out")
    assert (error.got, error.where) == (-1, {"path": "data.noise"})
    assert str(kind("it failed")) == "it failed"


@pytest.mark.parametrize("kind", TREE_OF_ERRORS, ids=lambda kind: kind.__name__)
@pytest.mark.parametrize(
    "again", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))],
    ids=["copy", "deepcopy", "pickle"],
)  # fmt: skip
def test_an_error_crosses_processes_with_its_fields(kind, again):
    error = kind("it failed", expected="this", remedy="do that", got=[1.5], file="a.csv", line=3)
    assert vars(again(error)) == vars(error)
    assert type(again(error)) is kind
    assert str(again(error)) == str(error)
    assert again(kind("it failed")).got is ...


def test_an_error_about_what_cannot_be_pickled_arrives_too():
    error = pickle.loads(pickle.dumps(nf.InputError("it failed", got=lambda: 0)))
    assert error.got.startswith("<function")


def test_a_field_that_no_error_has_is_refused():
    with pytest.raises(TypeError, match="an error has no field 'expcted'"):
        nf.InputError("it failed", expcted="this")


def test_an_error_can_learn_where_it_happened():
    error = nf.InputError("noise is -1", expected="at least 0", got=-1, line=3)
    error.locate(path="data", line=7)
    assert str(error) == "data: noise is -1; expected at least 0"
    assert error.where == {"path": "data", "line": 3}


def test_an_error_within_another_gives_no_advice_before_the_end():
    @nf.op(domain="[0, inf)")
    def root(x):
        """The square root, differentiated through."""
        return nf.sqrt(x)

    with pytest.raises(nf.DomainError) as caught:
        root(nf.Value(0.0)).backward()
    assert str(caught.value) == (
        "root(0) has no finite value: in its derivative, sqrt(0) has no finite value: in its"
        " derivative, float division by zero; expected x in [0, inf), within the range of float64;"
        " keep its inputs there, for example with maximum(x, 1e-12) or a smaller step"
    )
    assert caught.value.where == {"op": "root"}


def test_control_characters_are_spelled_out():
    error = nf.FileError("there is no file \x1b[2J\rmoons\x9b", remedy="look\x00")
    assert str(error) == r"there is no file \x1b[2J\x0dmoons\x9b; look\x00"
    assert str(nf.InputError("two\n\tlines")) == "two\n\tlines"


def test_problems_of_a_configuration_are_listed_with_their_fields():
    problems = [
        errors.Problem("loss", "missing", "a table"),
        errors.Problem("train.steps", "got -1", "at least 1", "leave it out"),
    ]
    error = nf.ConfigurationError("moons.toml", problems=problems, file="moons.toml")
    assert str(error) == (
        "moons.toml has 2 problems:\n"
        "  loss: missing; expected a table\n"
        "  train.steps: got -1; expected at least 1; leave it out"
    )
    assert error.problems == tuple(problems)
    assert error.fields() == {
        "what": "moons.toml has 2 problems",
        "file": "moons.toml",
        "problems": [
            {"path": "loss", "what": "missing", "expected": "a table"},
            {"path": "train.steps", "what": "got -1", "expected": "at least 1",
             "remedy": "leave it out"},
        ],
    }  # fmt: skip


def test_every_class_is_drawn_in_the_tree_and_nothing_else():
    assert sources.drawn(errors.__doc__) == sources.classes(PACKAGE, BUNDLED)


def test_every_class_says_what_it_means():
    assert not [kind for kind in TREE_OF_ERRORS if not (kind.__doc__ or "").strip()]


def test_every_error_is_made_of_fields():
    names = {*sources.classes(PACKAGE, BUNDLED), "Problem"}
    glued = [
        f"{path.name}:{line}" for path in FILES
        for line in sources.raised_in_one_text(path.read_text(encoding="utf-8"), names)
    ]  # fmt: skip
    assert glued == []


def test_errors_of_others_are_told_in_one_place():
    """``raised`` can tell also those whose own ``__str__`` fails, or is endless."""
    by_hand = [
        f"{path.name}:{line}" for path in FILES if path != PACKAGE / "errors.py"
        for line, text in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if re.search(r"type\(error\)\.__name__\}: ", text)
    ]  # fmt: skip
    assert by_hand == []


def test_no_code_takes_the_text_of_an_error_apart():
    """But for that of tomllib, which says only in its text that a document ended too early."""
    parsed = [
        f"{path.name}:{line}" for path in FILES if path != PACKAGE / "config" / "reading.py"
        for line in sources.taken_apart(path.read_text(encoding="utf-8"))
    ]  # fmt: skip
    assert parsed == []


@pytest.mark.parametrize(
    "planted",
    [
        'raise InputError(f"noise is {x}; expected at least 0")',
        'raise nf.InputError("noise is -1"\n  "; did you mean 1?")',
        'problems.append(Problem("data", f"noise is {x}; expected" " at least 0"))',
    ],
)
def test_a_planted_text_in_one_piece_is_found(planted):
    assert sources.raised_in_one_text(planted, {"InputError", "Problem"}) == [1]
    assert not sources.raised_in_one_text('InputError("noise", expected="0")', {"InputError"})


@pytest.mark.parametrize(
    "planted",
    [
        'str(error).partition(";")',
        'str(error).split(" ")[0]',
        'f"{error}".startswith("the")',
        'error.what.removeprefix("the ")',
        're.match("unknown", str(error))',
        '"ambiguous" in str(error)',
        'error.args[0]',
        'str(error) == "it failed"',
        'text = str(error); text.partition(";")',
    ],
)  # fmt: skip
def test_a_planted_reader_of_messages_is_found(planted):
    handler = f"try:\n    f()\nexcept ValueError as error:\n    {planted}\n"
    assert sources.taken_apart(handler) == [4]
    assert sources.taken_apart(f"def f(error: InputError):\n    {planted}\n") == [2]


@pytest.mark.parametrize(
    "allowed", ['g(f"it failed: {error}")', "error.remedy or f()", "error.name.strip()"]
)
def test_showing_an_error_and_reading_its_fields_is_allowed(allowed):
    assert not sources.taken_apart(f"try:\n    f()\nexcept ImportError as error:\n    {allowed}\n")


MODEL = {"use": "mlp", "sizes": [2, 1]}
TREE = {
    "model": MODEL, "loss": "hinge", "optimizer": "sgd", "data": {"use": "moons", "points": 8},
    "train": {"steps": 1, "backend": "eager"},
}  # fmt: skip


def model():
    return nf.build(MODEL)


CALLS = [
    (lambda: nf.build(3), "the model is 3, of type int; expected the name of a layer, or a table"),
    (lambda: nf.build([]), "the model is [], of type list; expected the name of a layer"),
    (lambda: nf.build(MODEL, rng=3), "rng is 3, of type int; expected a random.Random, such as"),
    (lambda: nf.configure(None), "the configuration is None, of type NoneType; expected the path"),
    (lambda: nf.configure(TREE, 3), "what is to be set is 3, of type int; expected a dict, or a"),
    (lambda: nf.configure(TREE, [3]), "a setting is 3, of type int; expected a text: PATH=VALUE"),
    (lambda: nf.configure(TREE, {3: 3}), "the path of a setting is 3, of type int; expected a te"),
    (lambda: nf.train(b"moons"), "the configuration is b'moons', of type bytes; expected the path"),
    (lambda: nf.get("op", None), "the name of an op is None, of type NoneType; expected a text: ["),
    (lambda: nf.get([], "relu"), "the kind is [], of type list; expected one of op, activation, "),
    (lambda: nf.find(3), "the wildcard is 3, of type int; expected a text, such as '*elu'"),
    (lambda: nf.names("op", []), "the wildcard is [], of type list; expected a text, such as"),
    (lambda: nf.load(3), "the path is 3, of type int; expected the path of a file or a folder"),
    (lambda: nf.inspect_file([]), "the path is [], of type list; expected the path of a file or"),
    (lambda: nf.save(3, "m.safetensors"), "the model is 3, of type int; expected a neuroflow.Mod"),
    (lambda: nf.save(model(), None), "the path is None, of type NoneType; expected the path of a"),
    (lambda: nf.read_metrics(3), "the run folder is 3, of type int; expected the path of a file"),
    (lambda: nf.Run.start(TREE, 3), "the run folder is 3, of type int; expected the path of a f"),
    (lambda: nf.Run.resume(None), "the run folder is None, of type NoneType; expected the path"),
    (lambda: nf.predict(3, [[1.0]]), "the model is 3, of type int; expected a neuroflow.Mod"),
    (lambda: nf.predict(model(), 3), "the rows is 3, of type int; expected a list of rows, each"),
    (lambda: nf.predict(model(), [[10**400, 1]]), "row 0, number 0 is 1000"),
    (lambda: nf.Dataset(None, [1]), "the examples of a dataset is None, of type NoneType; expe"),
    (lambda: nf.Dataset([[1]], [10**400]), "the target of row 0 is 10000000000000000000...; expec"),
    (lambda: nf.Dataset([[1]], [math.inf]), "the target of row 0 is inf; expected a finite number"),
    (lambda: nf.Dataset([1], [1], "sequence", vocab_size=2), "a part of example 0 is 1, of type i"),
    (lambda: nf.Dataset([[1]], [[1]], "sequence", vocab_size="2"), "a dataset has the vocab_size"),
    (lambda: nf.Dataset([[1], [2]], [1, 2]).split("half", nf.SplitMix32(0)), "the fraction to te"),
    (lambda: nf.explain(3), "what is to be explained is 3, of type int; expected a neuroflow.V"),
    (lambda: nf.explain(nf.Value(1.0), 3), "the other value is 3, of type int; expected a neurofl"),
    (lambda: nf.what_if(3, {}), "the output is 3, of type int; expected a neuroflow.Value"),
    (lambda: nf.what_if(nf.Value(1.0), None), "what changes is None, of type NoneType; expected a"),
    (lambda: nf.find_anomalies([3]), "an output is 3, of type int; expected a neuroflow.Value"),
    (lambda: next(nf.watched([])), "the run is [], of type list; expected a Training or a Run, as"),
    (lambda: nf.update_rule(3), "the update rule is 3, of type int; expected a function (w, g, *"),
    (lambda: nf.check(""), "the module '' cannot be imported: ValueError: Empty module name; rep"),
]  # fmt: skip


@pytest.mark.parametrize(("call", "message"), CALLS, ids=[message[:44] for _, message in CALLS])
def test_a_wrong_argument_is_named(call, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(nf.InputError) as caught:
        call()
    assert message in str(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("", "it is empty"),
        ("a\0b", "it holds the character 0"),
        ("ü" * 200, "a name in it has 400 bytes, and at most 255 are allowed"),
    ],
)
@pytest.mark.parametrize(
    "call",
    [nf.load, nf.inspect_file, nf.Run.resume, nf.read_metrics, nf.configure,
     lambda path: nf.save(model(), path), lambda path: nf.Run.start(TREE, path)],
    ids=["load", "inspect_file", "resume", "read_metrics", "configure", "save", "start"],
)  # fmt: skip
def test_a_path_that_no_system_takes(call, path, problem):
    with pytest.raises(nf.FileError) as caught:
        call(path)
    assert f"cannot be one: {problem}; give another path" in str(caught.value)


@pytest.mark.parametrize("name", ["m.safetensors", "/"])
def test_a_model_is_not_saved_over_a_folder(tmp_path, name):
    path = tmp_path / name
    path.mkdir(exist_ok=True)
    with pytest.raises(nf.FileError) as caught:
        nf.save(model(), path)
    assert str(caught.value) == (
        f"cannot write {path}: it is a folder; give the path of a file"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("deep.json", "[" * 100_000, "is nested too deeply to be read; expected tables in tables"),
        ("deep.toml", "a=" + "[" * 5000, "is nested too deeply to be read; expected tables in tab"),
        ("long.json", '{"a": ' + "9" * 10_000 + "}", "is not valid JSON: Exceeds the limit"),
        ("empty.json", "", "is not valid JSON: Expecting value (at line 1, column 1); correct"),
    ],
)
def test_a_file_that_no_parser_takes(tmp_path, name, text, message):
    (tmp_path / name).write_text(text)
    with pytest.raises(nf.ConfigurationError) as caught:
        nf.configure(tmp_path / name)
    assert message in str(caught.value)


def test_a_state_of_something_else_is_refused():
    with pytest.raises(nf.StateError, match="the state of a run lacks optimizer, random, orders"):
        nf.train(TREE).load_state_dict({})


def test_a_module_that_fails_to_import_is_named(tmp_path, monkeypatch):
    (tmp_path / "module_that_exits.py").write_text("raise SystemExit(3)")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(nf.InputError, match="'module_that_exits' cannot be imported: SystemExit"):
        nf.check("module_that_exits")
