"""Plugins of others on the command line: named, offered, and harmless where they are broken."""

from __future__ import annotations

import json
import sys

import pytest

import neuroflow as nf
from neuroflow.registry import manager as plugin
from tests.cli.settings import NET

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


def test_two_files_of_one_name_are_listed_by_their_paths(neuroflow, tmp_path):
    files = [tmp_path / folder / "m.py" for folder in "ab"]
    for file in files:
        file.parent.mkdir()
        file.write_text(
            f"import neuroflow as nf\nnf.register('op', nf.sin, name='{file.parent.name}')"
        )
    given = ("--plugin", str(files[0]), "--plugin", str(files[1]))
    listed = json.loads(neuroflow("plugins", *given, "--json")[1])["plugins"][-2:]
    assert [each["file"] for each in listed] == list(map(str, files))
    assert " m.py " not in neuroflow("plugins", *given)[1]
    assert " m.py " in neuroflow("plugins", *given[:2])[1]


def test_a_broken_plugin_is_shown_with_reason_and_remedy_and_breaks_nothing(neuroflow, offered):
    offered.add("broken", "import no_such_module", distribution="broken-dist", version="2.5")
    offered.use()
    code, out, _ = neuroflow("plugins")
    assert code == 0
    assert "FAILED:" in out
    assert "1 failed; remedies: neuroflow doctor" in out
    facts = json.loads(neuroflow("plugins", "--json")[1])["plugins"][-1]
    assert facts["plugin"] == "broken"
    assert "No module named 'no_such_module'" in facts["failure"]
    code, out, _ = neuroflow("doctor")
    assert code == 1
    assert "plugin 'broken' of broken-dist 2.5: ModuleNotFoundError while loading" in out
    assert "install what provides the module 'no_such_module'" in out
    assert "NEUROFLOW_DISABLE_PLUGINS=broken" in out
    assert neuroflow("show", "relu")[0] == 0


def test_an_unknown_name_mentions_the_plugin_that_failed(neuroflow, offered):
    offered.add("broken", "1 / 0")
    offered.use()
    assert "plugins that failed to load: plugin 'broken'" in neuroflow("show", "swish")[2]


def test_plugins_add_commands_but_do_not_replace_any(neuroflow, offered):
    offered.add("ours", SWISH)
    offered.use()
    assert neuroflow("hello") == (0, "hello\n", "")
    out = neuroflow("--help")[1]
    assert "Commands of plugins:\n  hello  Say hello." in out
    assert "hijacked" not in neuroflow("train", "--help")[1]


def test_a_plugin_whose_commands_fail_breaks_nothing(neuroflow, offered):
    offered.add("ours", SWISH.replace("@cli.command()", "@cli.no_such_thing()", 1))
    offered.use()
    assert neuroflow("--help")[0] == 0
    assert neuroflow("recipes")[0] == 0
    assert neuroflow("hello")[0] == 2


def test_an_ambiguous_name_lists_both(neuroflow, offered):
    offered.add("ours", SWISH)
    offered.add("theirs", SWISH)
    offered.use()
    code, _, err = neuroflow("show", "swish")
    assert code == 2
    assert "ours/swish (plugin 'ours' of ours-dist 1.0)" in err
    assert "theirs/swish (plugin 'theirs' of theirs-dist 1.0)" in err
    assert neuroflow("show", "ours/swish")[0] == 0


def test_a_third_party_op_trains_and_is_named_in_the_picture(neuroflow, offered, monkeypatch):
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
    code, out, err = neuroflow("train", "moons", *NET, "--set", "model.activation=swish", "--json")
    assert code == 0, err
    assert json.loads(out)["picture"]
    training = nf.Run.resume(json.loads(out)["folder"]).training
    assert Outcome(training).third_party() == ["activation swish by ours-dist 1.0"]


# Files that are plugins -----------------------------------------------------------------------

MINE = r"""
import neuroflow as nf

@nf.register("activation", formula=r"x + \sin x")
def wavy(x):
    '''A line with waves.'''
    return x + nf.sin(x)
"""
GREETING = """
import click
import neuroflow as nf

@nf.hookimpl
def neuroflow_commands(cli):
    cli.add_command(click.Command("greet", callback=lambda: click.echo("hello")))
"""


@pytest.fixture
def mine(tmp_path):
    (tmp_path / "mine.py").write_text(MINE)
    (tmp_path / "greeting.py").write_text(GREETING)
    return tmp_path / "mine.py"


def test_a_run_uses_what_a_file_offers_and_goes_on_with_it(neuroflow, mine):
    train = ("train", "moons", "--set", "model.activation=wavy", "--set", "train.steps=2")
    assert neuroflow(*train, "--out", "run")[0] == 2
    code, _, err = neuroflow(*train, "--out", "run", "--plugin", mine)
    assert code == 0, err
    code, _, err = neuroflow("resume", "run")
    assert code == 1
    assert "local/wavy@1 (registered in mine.py)" in " ".join(err.split())
    assert "say --plugin and that file" in " ".join(err.split())
    assert neuroflow("resume", "run", "--plugin", mine)[0] == 0


def test_a_file_is_checked_by_its_name_or_as_a_plugin(neuroflow, mine):
    for words in ([mine], ["--plugin", mine], ["activation/wavy", "--plugin", mine]):
        code, out, err = neuroflow("check", *words)
        assert (code, "activation wavy: " in out) == (0, True), out + err
    assert neuroflow("check")[0] == 2


def test_a_broken_file_is_told_with_its_line(neuroflow, mine):
    mine.write_text("import neuroflow\n\n1 / 0\n")
    code, out, err = neuroflow("list", "ops", "--plugin", mine)
    assert (code, out) == (1, "")
    assert "mine.py, line 3: ZeroDivisionError: division by zero" in err


def test_a_file_may_add_a_command(neuroflow, mine):
    assert neuroflow("--plugin", mine.with_name("greeting.py"), "greet") == (0, "hello\n", "")
    assert "greet" in neuroflow("--plugin", mine.with_name("greeting.py"), "--help")[1]
    assert neuroflow("greet")[0] == 2


def test_the_files_of_a_folder_are_plugins(shell, mine):
    (mine.parent / "broken.py").write_text("1 / 0\n")
    (mine.parent / "_helper.py").write_text("1 / 0\n")
    done = shell(["plugins", "--json"], mine.parent, NEUROFLOW_PLUGINS_DIR=str(mine.parent))
    found = {p["plugin"]: p for p in json.loads(done.stdout)["plugins"]}
    assert found["mine.py"]["entries"] == {"activation": 1}
    assert "at line 1: division by zero" in found["broken.py"]["failure"]
    assert "_helper.py" not in found
