"""The command line: results on standard output, messages on standard error, exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest
from click.testing import CliRunner

import neuroflow as nf
from neuroflow.cli import COMMANDS, main
from neuroflow.registry import manager as plugin

FAST = ["--backend", "eager", "--set", "train.steps=3", "--set", "data.points=12"]
NET = [*FAST, "--set", "model.sizes=[2, 3, 1]"]


@pytest.fixture
def run(monkeypatch, tmp_path):
    """Run a command in an empty folder; gives its exit code, output and messages."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")

    def call(*words, text=None):
        result = CliRunner().invoke(main, list(map(str, words)), input=text)
        assert "Traceback" not in result.stderr
        return result.exit_code, result.stdout, result.stderr

    return call


@pytest.fixture
def offered(plugins, monkeypatch):
    """Third-party plugins that the commands see."""

    def use():
        made = plugins.manager()
        monkeypatch.setattr(plugin, "manager", lambda: made)
        points = plugins.points()
        monkeypatch.setattr("importlib.metadata.entry_points", lambda group: points)
        return made

    plugins.use = use
    return plugins


def shell(words, folder, **environment):
    """Run ``neuroflow`` as a process of its own."""
    return subprocess.run(
        [sys.executable, "-W", "error", "-m", "neuroflow", *words],
        cwd=folder, capture_output=True, text=True, timeout=60,
        env={**os.environ, "COLUMNS": "80", **environment},
    )  # fmt: skip


def test_version(run):
    from importlib.metadata import version

    assert run("--version") == (0, f"neuroflow {version('neuroflow')}\n", "")


def test_help_lists_every_command_with_one_line(run):
    code, out, _ = run("--help")
    assert code == 0
    for name, text in COMMANDS.items():
        lines = [line for line in out.splitlines() if line.startswith(f"  {name} ")]
        assert len(lines) <= 1
        assert not lines or text in lines[0]
    assert "Exit codes: 0 done, 1 the work failed, 2 wrong usage" in " ".join(out.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_each_command_has_examples_and_fits_80_columns(run, name):
    code, out, _ = run(name, "--help")
    assert code == 0
    assert out.startswith(f"Usage: neuroflow {name} ")
    assert max(map(len, out.splitlines())) <= 80
    assert f"neuroflow {name}" in out.partition("\n")[2], "no example"


def test_help_loads_no_plugin_and_no_numbers(tmp_path):
    code = (
        "import sys\nfrom neuroflow.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:"
        "\n    pass\nheavy = {'numpy', 'pluggy', 'attrs', 'rich', 'neuroflow_plugins', 'sympy'}"
        "\nassert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_without_a_command_the_help_is_shown(run):
    code, out, err = run()
    assert "Usage: neuroflow" in out + err
    assert code == 2


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["trian"], 2, "Error: no command 'trian'; did you mean 'train'? see: neuroflow --help"),
        (["train"], 2, "Error: Missing argument 'RECIPE|FILE'."),
        (["train", "mons"], 2, "Error: no file and no recipe is named 'mons'; did you mean 'moons"),
        (["train", "moons", "--set", "x"], 2, "'x' sets nothing; write PATH=VALUE"),
        (["train", "moons", "--set", "model.use=mpl"], 2, "unknown layer 'mpl'; did you mean 'mlp"),
        (["train", "moons", "--backend", "cuda"], 2, "train.backend: unknown backend 'cuda'"),
        (["train", "moons", "--dtype", "int"], 2, "train.dtype: got 'int' (a text); expected"),
        (["train", "no.toml"], 1, "cannot read no.toml"),
        (["list", "opps"], 2, "unknown kind 'opps'; did you mean 'ops'"),
        (["show", "sigmoidd"], 2, "nothing is named 'sigmoidd'; did you mean 'sigmoid'"),
        (["show", "relu", "--kind", "loss"], 2, "unknown loss 'relu'; 'relu' is the name of an op"),
        (["predict", "no.safetensors", "1"], 1, "there is no file no.safetensors"),
        (["inspect", "no.safetensors"], 1, "there is no file no.safetensors"),
        (["resume", "nowhere"], 1, "nowhere holds no run: there is no config.toml in it"),
    ],
)  # fmt: skip
def test_mistakes_give_one_message_and_an_exit_code(run, words, code, message):
    got, out, err = run(*words)
    assert (got, out) == (code, "")
    assert message in err
    assert err.count("Error:") == 1


def test_all_problems_of_a_configuration_are_listed_at_once(run):
    code, _, err = run("train", "moons", "--set", "model.sizes=3", "--set", "loss.margin=1")
    assert code == 2
    assert "recipe 'moons' has 2 problems:" in err
    assert "  model.sizes: got 3; expected a list of whole numbers" in err
    assert "  loss.margin: unknown key of loss 'hinge'" in err


def test_malformed_toml_names_the_line(run, tmp_path):
    (tmp_path / "bad.toml").write_text("[model]\nuse = \n")
    code, _, err = run("train", "bad.toml")
    assert code == 2
    assert "bad.toml is not valid TOML: Invalid value (at line 2, column 7)" in err


def test_with_json_an_error_is_an_object_too(run):
    code, out, err = run("show", "nothing_like_it", "--json")
    assert code == 2
    assert json.loads(out)["error"] == {
        "kind": "RegistryError",
        "message": "nothing is named 'nothing_like_it'; see: neuroflow list",
        "what": "nothing is named 'nothing_like_it'",
        "remedy": "see: neuroflow list",
        "got": "'nothing_like_it'",
    }
    assert "nothing is named 'nothing_like_it'; see: neuroflow list" in err


def test_with_json_a_wrong_usage_keeps_the_fields_of_its_cause(run):
    code, out, _ = run("check", "nothing_like_it.py", "--json")
    assert code == 2
    error = json.loads(out)["error"]
    assert (error["kind"], error["file"]) == ("UsageError", "nothing_like_it.py")
    assert (error["what"], error["remedy"]) == (
        "there is no file nothing_like_it.py", "give the path of a Python file"
    )  # fmt: skip


def test_control_characters_of_a_name_do_not_reach_the_terminal(run):
    code, out, err = run("predict", "\x1b[2Jmodel", "1", "2")
    assert code == 1
    assert "\x1b" not in out + err
    assert r"\x1b[2Jmodel" in err


def test_debug_shows_the_traceback(tmp_path):
    done = shell(["show", "nothing_like_it", "--debug"], tmp_path)
    assert done.returncode == 1
    assert "Traceback" in done.stderr


def test_an_unexpected_error_says_so_without_a_traceback(run, monkeypatch):
    monkeypatch.setattr("neuroflow.config.recipes", lambda: 1 / 0)
    code, _, err = run("recipes")
    assert code == 1
    assert "Error: ZeroDivisionError: division by zero; this is a fault of neuroflow" in err


JSON = [
    ["plugins"], ["plugins", "--timing"], ["list"], ["list", "ops"], ["list", "losses", "*hinge*"],
    ["list", "tokenizers"], ["show", "relu"], ["show", "dot"], ["show", "hinge"], ["show", "mlp"],
    ["show", "adam"], ["recipes"], ["doctor"],
]  # fmt: skip


@pytest.mark.parametrize("words", JSON, ids=" ".join)
def test_json_is_one_object_and_nothing_else(run, words):
    code, out, err = run(*words, "--json")
    assert code in (0, 1)
    assert err == ""
    assert isinstance(json.loads(out), dict)
    assert out == json.dumps(json.loads(out), ensure_ascii=False, indent=2) + "\n"


@pytest.mark.parametrize("words", JSON, ids=" ".join)
@pytest.mark.parametrize("columns", ["80", "120"])
def test_tables_fit_the_terminal_and_have_no_colour_in_a_pipe(run, monkeypatch, words, columns):
    monkeypatch.setenv("COLUMNS", columns)
    _, out, _ = run(*words)
    assert "\x1b" not in out
    for line in out.splitlines():
        assert len(line.rstrip()) <= int(columns), line


def test_every_entry_can_be_shown(run):
    for found in nf.find("*"):
        code, out, err = run("show", found.id, "--kind", found.kind)
        assert code == 0, err
        assert found.id in out, found.id
        assert "from" in out


def test_show_has_formula_derivative_domain_convention_source_and_plot(run):
    _, out, _ = run("show", "relu")
    for text in (
        "relu  op, neuroflow/relu@1", r"\max(0, x)", "for x > 0", "x in (-inf, inf)",
        "relu'(0) = 0", "plugin 'ops' of neuroflow", "neuroflow_plugins/ops.py:", "┤", "⠉",
        "--kind activation",
    ):  # fmt: skip
        assert text in out, text


def test_show_without_sympy_shows_the_source_of_the_rule(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "sympy", None)
    _, out, _ = run("show", "sigmoid")
    assert "return (out * (1 - out),)" in out or "@sigmoid.partials" in out


def test_show_finds_an_entry_by_alias(run):
    assert "hinge  loss, neuroflow/hinge@1" in run("show", "max_margin")[1]


def test_list_takes_wildcards(run):
    names = [e["name"] for e in json.loads(run("list", "op", "*relu*", "--json")[1])["entries"]]
    assert names == ["leaky_relu", "relu"]
    code, out, err = run("list", "ops", "no*such")
    assert (code, out) == (0, "")
    assert "no op matches 'no*such'" in err


def test_every_entry_is_listed_with_what_it_is(run):
    for kind, names in json.loads(run("list", "--json")[1])["kinds"].items():
        listed = json.loads(run("list", kind, "--json")[1])["entries"]
        assert [entry["use"] for entry in listed] == names
        assert all(entry["summary"] for entry in listed), kind


def test_profile_shows_where_the_time_goes(run):
    code, out, err = run("train", "moons", *NET, "--backend", "numpy", "--profile")
    assert code == 0, err
    assert "us forward and backward (numpy" in out
    code, _, err = run("train", "moons", *NET, "--profile")
    assert code == 0
    assert "the backend eager has no profile; use numpy or llvm" in err


def test_recipes_are_those_that_train_takes(run):
    names = {r["name"] for r in json.loads(run("recipes", "--json")[1])["recipes"]}
    assert {"moons", "circles", "spirals", "xor", "function", "digits", "autoencoder",
            "multiclass"} <= names  # fmt: skip


# Plugins -------------------------------------------------------------------------------------

SWISH = """
    import neuroflow as nf

    @nf.op(formula="x")
    def swish(x):
        '''A smooth relu of ours.'''
        return x / (1 + nf.exp(-x))

    @nf.hookimpl
    def neuroflow_ops():
        return [swish]

    @nf.hookimpl
    def neuroflow_activations():
        return [nf.ActivationEntry(name="swish", target=swish)]

    @nf.hookimpl
    def neuroflow_commands(cli):
        @cli.command()
        def hello():
            "Say hello."
            print("hello")

        @cli.command()
        def train():
            "Take over a command."
            print("hijacked")
"""


def test_a_broken_plugin_is_shown_with_reason_and_remedy_and_breaks_nothing(run, offered):
    offered.add("broken", "import no_such_module", distribution="broken-dist", version="2.5")
    offered.use()
    code, out, _ = run("plugins")
    assert code == 0
    assert "FAILED:" in out
    assert "1 failed; remedies: neuroflow doctor" in out
    facts = json.loads(run("plugins", "--json")[1])["plugins"][-1]
    assert facts["plugin"] == "broken"
    assert "No module named 'no_such_module'" in facts["failure"]
    code, out, _ = run("doctor")
    assert code == 1
    assert "plugin 'broken' of broken-dist 2.5: ModuleNotFoundError while loading" in out
    assert "install what provides the module 'no_such_module'" in out
    assert "NEUROFLOW_DISABLE_PLUGINS=broken" in out
    assert run("show", "relu")[0] == 0


def test_an_unknown_name_mentions_the_plugin_that_failed(run, offered):
    offered.add("broken", "1 / 0")
    offered.use()
    assert "plugins that failed to load: plugin 'broken'" in run("show", "swish")[2]


def test_plugins_add_commands_but_do_not_replace_any(run, offered):
    offered.add("ours", SWISH)
    offered.use()
    assert run("hello") == (0, "hello\n", "")
    out = run("--help")[1]
    assert "Commands of plugins:\n  hello  Say hello." in out
    assert "hijacked" not in run("train", "--help")[1]


def test_a_plugin_whose_commands_fail_breaks_nothing(run, offered):
    offered.add("ours", SWISH.replace("@cli.command()", "@cli.no_such_thing()", 1))
    offered.use()
    assert run("--help")[0] == 0
    assert run("recipes")[0] == 0
    assert run("hello")[0] == 2


def test_an_ambiguous_name_lists_both(run, offered):
    offered.add("ours", SWISH)
    offered.add("theirs", SWISH)
    offered.use()
    code, _, err = run("show", "swish")
    assert code == 2
    assert "ours/swish (plugin 'ours' of ours-dist 1.0)" in err
    assert "theirs/swish (plugin 'theirs' of theirs-dist 1.0)" in err
    assert run("show", "ours/swish")[0] == 0


def test_a_third_party_op_trains_and_is_named_in_the_picture(run, offered, monkeypatch):
    from neuroflow.view.outcome import Outcome

    offered.add("ours", SWISH)
    made = offered.use()
    for name in ("config", "training", "checkpoint", "run"):
        module = sys.modules.get(f"neuroflow.{name}")
        for attribute in ("manager", "get", "names"):
            if hasattr(module, attribute):
                replacement = {"manager": lambda: made, "get": made.registry.get,
                               "names": lambda kind: [e.shortest_name for e in
                                                      made.registry.entries(kind)]}  # fmt: skip
                monkeypatch.setattr(module, attribute, replacement[attribute])
    code, out, err = run("train", "moons", *NET, "--set", "model.activation=swish", "--json")
    assert code == 0, err
    assert json.loads(out)["picture"]
    training = nf.Run.resume(json.loads(out)["folder"]).training
    assert Outcome(training).third_party() == ["activation swish by ours-dist 1.0"]


# Doctor --------------------------------------------------------------------------------------


def test_doctor_finds_a_distribution_that_is_installed_twice(tmp_path, plugins):
    plugins.add("one", "", distribution="twice", version="1.0")
    other = tmp_path / "other"
    (other / "twice-2.0.dist-info").mkdir(parents=True)
    (other / "twice-2.0.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: Twice\nVersion: 2.0\n"
    )
    (other / "twice-2.0.dist-info" / "entry_points.txt").write_text("[neuroflow]\none = one\n")
    done = shell(["doctor", "--json"], tmp_path, PYTHONPATH=f"{plugins.folder}:{other}")
    problems = json.loads(done.stdout)["problems"]
    (found,) = [p for p in problems if p["subject"] == "distribution twice"]
    assert "is installed 2 times: 1.0 in" in found["problem"]
    assert "pip uninstall twice" in found["remedy"]
    assert done.returncode == 1


def test_doctor_finds_entry_points_that_an_editable_install_does_not_know(tmp_path, plugins):
    plugins.add("one", "", distribution="edited", version="1.0")
    project = tmp_path / "project"
    project.mkdir()
    (project / "pyproject.toml").write_text(
        '[project]\nname = "edited"\n[project.entry-points.neuroflow]\n'
        'one = "plugin_one_of_edited"\ntwo = "new_module"\n'
    )
    about = {"url": project.as_uri(), "dir_info": {"editable": True}}
    (plugins.folder / "edited-1.0.dist-info" / "direct_url.json").write_text(json.dumps(about))
    done = shell(["doctor", "--json"], tmp_path, PYTHONPATH=str(plugins.folder))
    problems = json.loads(done.stdout)["problems"]
    (found,) = [p for p in problems if p["subject"] == "distribution edited 1.0"
                and "differ" in p["problem"]]  # fmt: skip
    assert found["problem"].endswith("the installed entry points differ: two")
    assert found["remedy"] == f"install it again: pip install -e {project}"


# Training ------------------------------------------------------------------------------------


def test_train_writes_a_run_folder_and_a_summary(run, tmp_path):
    code, out, err = run("train", "moons", *NET, "--seed", 7, "--json")
    assert code == 0, err
    summary = json.loads(out)
    folder = tmp_path / summary["folder"]
    assert summary["folder"] == os.path.join("runs", "moons")
    assert {p.name for p in folder.iterdir()} == {
        "config.toml", "metrics.jsonl", "checkpoint.safetensors", "picture.png"
    }  # fmt: skip
    assert (summary["steps"], summary["backend"], summary["examples"]) == (3, "eager", 12)
    assert {"loss", "accuracy", "seconds", "parameters", "gradient_norm"} <= set(summary)
    assert "step 3/3  loss " in err
    assert "seed = 7" in (folder / "config.toml").read_text()


def test_train_numbers_folders_and_never_writes_over_a_run(run, tmp_path):
    first = json.loads(run("train", "moons", *NET, "--json")[1])["folder"]
    second = json.loads(run("train", "moons", *NET, "--json")[1])["folder"]
    assert (first, second) == (os.path.join("runs", "moons"), os.path.join("runs", "moons-2"))
    before = (tmp_path / first / "metrics.jsonl").read_bytes()
    code, _, err = run("train", "moons", *NET, "--out", first)
    assert code == 1
    assert f"{first} already holds a run; go on with: neuroflow resume {first}" in err
    assert (tmp_path / first / "metrics.jsonl").read_bytes() == before


def test_train_prints_a_table_for_people(run):
    code, out, err = run("train", "xor", *NET)
    assert code == 0, err
    for name in ("loss", "accuracy", "steps", "parameters", "backend", "seconds", "picture"):
        assert f" {name} " in out
    assert "neuroflow predict runs/xor" in err


def test_the_same_seed_gives_the_same_numbers_and_the_same_picture(run, tmp_path):
    def bits(folder):
        assert run("train", "moons", *NET, "--out", folder)[0] == 0
        return [(tmp_path / folder / n).read_bytes() for n in ("metrics.jsonl", "picture.png")]

    assert bits("a") == bits("b")


def test_without_matplotlib_there_is_a_sketch(run, monkeypatch):
    monkeypatch.setattr("neuroflow.view.plots.find_spec", lambda name: None)
    code, out, err = run("train", "moons", *NET)
    assert code == 0, err
    assert "o on ' ': 0" in out
    assert "capitals are misread" in out
    assert "pip install 'neuroflow[plot]'" in err
    assert json.loads(run("train", "moons", *NET, "--json")[1])["picture"] is None
    code, out, _ = run("train", "function", *FAST, "--out", "curve")
    assert "── the model   ·· the data   over x" in out


@pytest.mark.parametrize("recipe", ["moons", "multiclass", "function", "digits", "autoencoder"])
def test_each_kind_of_run_gets_a_picture(run, tmp_path, recipe):
    points = [] if recipe in ("digits", "autoencoder") else ["--set", "data.points=12"]
    words = ["--backend", "numpy", "--set", "train.steps=1", "--set", "train.batch=2", *points]
    code, out, err = run("train", recipe, *words, "--json")
    assert code == 0, err
    picture = tmp_path / json.loads(out)["picture"]
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert 10_000 < picture.stat().st_size < 300_000


def test_an_interrupted_run_says_how_to_go_on_and_is_resumed(run, monkeypatch, tmp_path):
    whole = run("train", "moons", *NET, "--out", "whole", "--json")
    from neuroflow.training.metrics import MetricsFile

    write = MetricsFile.write

    def interrupt(self, step):
        write(self, step)
        if step.step == 2:
            os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(MetricsFile, "write", interrupt)
    code, out, err = run("train", "moons", *NET, "--out", "part", "--json")
    assert code == 130
    assert "stopped and saved at step 2 of 3; go on with: neuroflow resume part" in err
    assert "go on with" in json.loads(out)["error"]["message"]
    monkeypatch.setattr(MetricsFile, "write", write)
    code, out, err = run("resume", "part", "--json")
    assert code == 0
    assert "going on from step 2 of 3" in err
    assert json.loads(out)["loss"] == json.loads(whole[1])["loss"]
    assert (tmp_path / "part/metrics.jsonl").read_bytes() == (
        tmp_path / "whole/metrics.jsonl"
    ).read_bytes()


def test_resuming_a_finished_run_changes_nothing(run, tmp_path):
    run("train", "moons", *NET, "--out", "done")
    before = (tmp_path / "done/metrics.jsonl").read_bytes()
    code, _, err = run("resume", "done")
    assert code == 0
    assert "all 3 steps are done" in err
    assert (tmp_path / "done/metrics.jsonl").read_bytes() == before


def test_a_folder_that_cannot_be_written_is_one_message(run, tmp_path):
    (tmp_path / "file").write_text("mine")
    code, _, err = run("train", "moons", *NET, "--out", "file/run")
    assert code == 1
    assert "cannot write file/run: Not a directory" in err
    assert (tmp_path / "file").read_text() == "mine"


def test_a_damaged_checkpoint_is_one_message(run, tmp_path):
    run("train", "moons", *NET, "--out", "run")
    path = tmp_path / "run/checkpoint.safetensors"
    path.write_bytes(path.read_bytes()[:-40])
    for words in (["resume", "run"], ["predict", "run", "1", "2"], ["inspect", "run"]):
        code, _, err = run(*words)
        assert code == 1
        assert "is damaged or truncated" in err


def test_a_loss_that_is_not_finite_fails_with_a_remedy(run):
    code, _, err = run("train", "moons", *NET, "--set", "optimizer.learning_rate=1e200")
    assert code == 1
    assert err.count("Error:") == 1


# Predict and inspect -------------------------------------------------------------------------


@pytest.fixture
def moons(run):
    assert run("train", "moons", *NET, "--out", "moons")[0] == 0
    return "moons"


def test_predict_takes_arguments_csv_and_standard_input(run, moons, tmp_path):
    from neuroflow.training import predict

    (wanted,) = predict("moons/checkpoint.safetensors", [[0.5, -1.0]])
    (tmp_path / "points.csv").write_text("y,name,x\n-1,a,0.5\n")
    for words, text in (
        (["0.5", "-1.0"], None),
        (["--csv", "points.csv"], None),
        (["--csv", "-"], "0.5,-1\n"),
        ([], "x,y\n0.5,-1\n"),
        ([], "0.5 -1\n\n"),
    ):
        code, out, err = run("predict", moons, *words, "--json", text=text)
        assert code == 0, err
        (got,) = json.loads(out)["predictions"]
        assert got == {"input": [0.5, -1.0], "output": wanted, "label": str(int(wanted > 0))}
    assert "0.5 -1" in run("predict", "moons/checkpoint.safetensors", "0.5", "-1")[1]


@pytest.mark.parametrize(
    ("words", "text", "message"),
    [
        (["1"], None, "row 1 has 1 numbers; expected 2 (x, y)"),
        (["1", "two"], None, "the arguments: number 2 is 'two'; expected a finite number"),
        (["1", "nan"], None, "the arguments: number 2 is 'nan'; expected a finite number"),
        ([], "", "standard input holds no rows; give at least one row of numbers"),
        ([], "x,z\n1,2\n", "standard input has no column 'y'; its columns: x, z"),
        ([], "1,2\n3,b\n", "standard input, row 2: number 2 is 'b'; expected a finite number"),
        (["--csv", "nope.csv"], None, "cannot read nope.csv"),
    ],
)
def test_predict_says_what_is_wrong_with_its_rows(run, moons, words, text, message):
    code, out, err = run("predict", moons, *words, text=text)
    assert (code, out) == (1, "")
    assert message in err


def test_inspect_loads_no_plugin(run, moons, tmp_path):
    code = (
        "import sys\nfrom neuroflow.cli import main\ntry:\n    main(['inspect', 'moons'])\n"
        "except SystemExit as stop:\n    assert stop.code == 0\n"
        "assert not [m for m in sys.modules if m.startswith('neuroflow_plugins')]"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    for text in ("13", "neuroflow/mlp@1", "layers.0.neurons.*.weights", "binary"):
        assert text in done.stdout
    facts = json.loads(run("inspect", moons, "--json")[1])
    assert facts["parameters"] == 13
    assert facts["state"]["step"] == 3


# As processes --------------------------------------------------------------------------------


def test_no_color_and_pipes(tmp_path):
    done = shell(["list", "nokind"], tmp_path, NO_COLOR="1", FORCE_COLOR="1")
    assert done.returncode == 2
    assert "Error: unknown kind 'nokind'" in done.stderr
    assert "\x1b[31m" not in done.stderr
    coloured = shell(["list", "nokind"], tmp_path, FORCE_COLOR="1", TERM="xterm")
    assert "\x1b[" in coloured.stderr


def test_output_that_nobody_reads_is_no_error(tmp_path):
    code = f"{sys.executable} -m neuroflow list ops --json | head -c 1"
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", code], cwd=tmp_path, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "{", "")


def test_a_terminal_without_unicode_still_gets_an_answer(tmp_path):
    done = shell(["show", "relu"], tmp_path, PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert done.returncode == 0, done.stderr
    assert "relu" in done.stdout


def test_ctrl_c_saves_the_run(tmp_path):
    import signal
    import time

    words = ["train", "moons", "--backend", "eager", "--set", "train.steps=100000",
             "--set", "train.report_every=1"]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "neuroflow", *words], cwd=tmp_path,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    metrics = tmp_path / "runs/moons/metrics.jsonl"
    for _ in range(300):
        if metrics.exists() and metrics.stat().st_size:
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    assert out == ""
    assert "go on with: neuroflow resume runs/moons" in " ".join(err.split())
    assert (tmp_path / "runs/moons/checkpoint.safetensors").exists()


@pytest.mark.parametrize("command", ["explain", "draw", "inspect", "plan", "new"])
def test_a_name_too_long_for_a_file_is_no_fault_of_neuroflow(run, tmp_path, monkeypatch, command):
    monkeypatch.chdir(tmp_path)
    code, _, err = run(command, "a" * 400)
    assert code in (1, 2)
    assert "Error: " in err
    assert "fault of neuroflow" not in err
    assert "Traceback" not in err


@pytest.mark.parametrize("command", ["explain", "draw"])
def test_a_file_that_holds_no_text_is_no_expression(run, tmp_path, command):
    path = tmp_path / "bytes.txt"
    path.write_bytes(b"\xff\xfe")
    code, _, err = run(command, str(path))
    assert code == 1
    assert f"Error: cannot read {path}: 'utf-8' codec can't decode byte 0xff" in err
    assert "give the path of a text file" in err


def test_a_long_expression_is_no_file_name(run):
    name = "a" * 100
    code, out, err = run("explain", f"{name} + {name} + {name}", f"{name}=2")
    assert code == 0, err
    assert "= 3" in out


def test_what_the_system_refuses_is_said_as_such(run, monkeypatch):
    def refuse():
        raise PermissionError(13, "Permission denied", "recipes/" + "x" * 100)

    monkeypatch.setattr("neuroflow.config.recipes", refuse)
    code, _, err = run("recipes")
    assert code == 1
    assert (
        err.split()
        == (
            f"Error: cannot use recipes/{'x' * 69}...: Permission denied;"
            " give another path, or change what is there"
        ).split()
    )
