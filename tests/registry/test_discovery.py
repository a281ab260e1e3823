"""Plugins: each way to be broken is recorded, reported and never fatal."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from textwrap import dedent

import click
import pytest

import neuroflow as nf
from neuroflow.registry.entries import KINDS, plural
from neuroflow.registry.hooks import HOOKS, Hooks

CUBE = """
    import neuroflow as nf

    @nf.op(formula="x^3")
    def cube(x):
        '''The cube of x.'''
        return x * x * x

    @nf.hookimpl
    def neuroflow_ops():
        return [cube]
"""
BROKEN = {
    "import error": ("import no_such_module_at_all", "ModuleNotFoundError while loading"),
    "error at import": ("1 / 0", "ZeroDivisionError while loading"),
    "syntax error": ("def (", "SyntaxError while loading"),
    "exit at import": ("raise SystemExit(3)", "SystemExit while loading"),
    "error in a hook": (
        CUBE + "\n    @nf.hookimpl\n    def neuroflow_losses():\n        raise RuntimeError('oh')",
        "RuntimeError while loading: oh",
    ),
    "error in a generator": (
        CUBE.replace("return [cube]", "yield cube\n        raise KeyError('late')"),
        "KeyError while loading: 'late'",
    ),
    "wrong return type": (
        CUBE.replace("[cube]", "[42]"),
        "InputError while loading: neuroflow_ops gave 42 of type int; expected OpEntry",
    ),
    "nothing returned": (CUBE.replace("[cube]", "None"), "TypeError while loading"),
    "one entry, not a list": (CUBE.replace("[cube]", "cube"), "TypeError while loading"),
    "wrong arguments": (
        CUBE.replace("neuroflow_ops()", "neuroflow_ops(registry)"),
        "PluginValidationError while loading",
    ),
    "newer hooks": (
        CUBE + "\n    neuroflow_hook_version = 99",
        "it was written for version 99 of the hooks, and this neuroflow has version 1;"
        " install a newer neuroflow or an older release of the plugin",
    ),
    "the same id twice": (
        CUBE.replace("[cube]", "[cube, cube]"),
        "op broken/cube@1 is offered twice",
    ),
    "missing dependency": (
        CUBE.replace("return [cube]", "import no_such_dependency"),
        "No module named 'no_such_dependency'",
    ),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_plugin_is_skipped_whole_and_recorded(plugins, fault):
    source, message = BROKEN[fault]
    plugins.add("good", CUBE)
    plugins.add("broken", source, distribution="broken-dist", version="2.5")
    manager = plugins.manager()
    (failed,) = manager.failures
    assert message in failed.failure
    assert str(failed.provider) == "plugin 'broken' of broken-dist 2.5"
    assert "Error" in failed.failure or "SystemExit" in failed.failure
    assert not failed.entries
    assert not manager.registry.entries("op", "broken/*")
    assert manager.registry.get("op", "good/cube").load()(2.0) == 8.0
    assert len(manager.registry.entries("op")) > 20


@pytest.mark.parametrize("fault", BROKEN)
def test_strict_makes_a_broken_plugin_fatal(plugins, fault):
    source, _ = BROKEN[fault]
    plugins.add("broken", source)
    with pytest.raises(nf.PluginError, match=r"plugin 'broken' of broken-dist 1\.0 failed"):
        plugins.manager(strict=True)


def test_an_unknown_name_mentions_plugins_that_failed(plugins):
    plugins.add("broken", "1 / 0")
    registry = plugins.manager().registry
    with pytest.raises(nf.RegistryError, match=r"failed to load: plugin 'broken' .* division by"):
        registry.get("op", "cube")


@pytest.mark.parametrize(
    ("source", "warning"),
    [
        (
            CUBE + "\n    @nf.hookimpl\n    def neuroflow_opps():\n        return []",
            "neuroflow_opps is no hook and is never called; hooks: neuroflow_ops,",
        ),
        (
            CUBE.replace("@nf.hookimpl", ""),
            "neuroflow_ops lacks the decorator @neuroflow.hookimpl and is never called",
        ),
        ("", "it registers nothing"),
    ],
    ids=["misspelled hook", "missing decorator", "empty"],
)
def test_what_is_silent_in_pluggy_is_reported(plugins, source, warning):
    plugins.add("odd", source)
    manager = plugins.manager()
    (odd,) = [plugin for plugin in manager.plugins if plugin.name == "odd"]
    assert not odd.failure
    assert any(text.startswith(warning) for text in odd.warnings)


def test_what_a_plugin_prints_at_import_does_not_reach_standard_output(plugins, capsys):
    plugins.add("loud", "print('hello')\n" + "import neuroflow as nf\n")
    plugins.manager()
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "hello" in captured.err


LOUD = {
    "print": "print('hello', flush=True)",
    "descriptor": "import os; os.write(1, b'hello')",
    "child process": "import subprocess; subprocess.run(['echo', 'hello'])",
    "C library": "import ctypes; ctypes.CDLL(None).puts(b'hello')",
    "held back": "import sys; sys.__stdout__.write('hello')",
}


@pytest.mark.parametrize("source", LOUD.values(), ids=LOUD)
@pytest.mark.parametrize("lazy", [False, True], ids=["loaded", "imported on first use"])
def test_nothing_that_a_plugin_prints_spoils_json(plugins, source, lazy):
    offered = """
        import neuroflow as nf

        def f(x):
            return x

        @nf.hookimpl
        def neuroflow_activations():
            return [nf.ActivationEntry(name="loud", target=TARGET, summary="Loud.")]
    """
    if lazy:
        plugins.folder.joinpath("loud_target.py").write_text(f"{source}\ndef f(x): return x\n")
        source, target = "", '"loud_target:f"'
    else:
        target = "f"
    plugins.add("loud", dedent(offered).replace("TARGET", target) + source + "\n")
    words = ["show", "loud/loud", "--json"]
    code = f"import sys; from neuroflow.cli import main; sys.argv[1:] = {words}; main()"
    done = run(code, plugins)
    assert json.loads(done.stdout)["name"] == "loud"
    assert "hello" in done.stderr
    assert "hello" not in done.stdout


def test_two_distributions_with_one_entry_point_name_the_second_is_reported(plugins):
    plugins.add("twin", CUBE, distribution="a-dist")
    plugins.add("twin", CUBE, distribution="b-dist")
    manager = plugins.manager()
    (failed,) = manager.failures
    assert failed.provider.distribution == "b-dist"
    assert "the entry point 'twin' is also offered by a-dist, which is used" in failed.failure
    assert manager.registry.get("op", "cube").provider.distribution == "a-dist"


def test_the_first_of_two_entry_points_keeps_its_commands(plugins):
    commands = "@nf.hookimpl\n    def neuroflow_commands(cli):\n        cli.command('first')(print)"
    plugins.add("twin", f"import neuroflow as nf\n    {commands}".replace("    ", "", 1).replace(
        "\n    ", "\n"), distribution="a-dist")  # fmt: skip
    plugins.add("twin", CUBE, distribution="b-dist")
    cli = click.Group()
    plugins.manager().add_commands(cli)
    assert list(cli.commands) == ["first"]


def test_a_command_that_is_there_already_stays_and_whoever_adds_it_is_warned(plugins):
    source = """
    import click, neuroflow as nf

    @nf.hookimpl
    def neuroflow_commands(cli):
        for name in {names}:
            cli.add_command(click.Command(name, help="{plugin}"))
    """
    plugins.add("one", source.format(names=["train", "shared", "own"], plugin="one"))
    plugins.add("two", source.format(names=["shared"], plugin="two"))
    manager, cli = plugins.manager(), click.Group()
    manager.add_commands(click.Group(), taken=["train"])  # asked twice, it warns once
    manager.add_commands(cli, taken=["train"])
    assert {name: command.help for name, command in cli.commands.items()} == {
        "shared": "one", "own": "one",
    }  # fmt: skip
    assert {p.name: p.warnings for p in manager.plugins if p.warnings} == {
        "one": ["it adds the command 'train', which is there already and stays"],
        "two": ["it adds the command 'shared', which is there already and stays"],
    }


@pytest.mark.parametrize(
    "name",
    ["neuroflow", "Neuroflow", "NEURO-FLOW", "neuro_flow", "neuro.flow", "ｎｅｕｒｏｆｌｏｗ"],
)
def test_nobody_else_gives_names_in_the_namespace_of_neuroflow(plugins, name):
    plugins.add(name, CUBE.replace("cube", "relu"), distribution="nf-sly", module="plugin_sly")
    manager = plugins.manager()
    (failed,) = manager.failures
    assert "that namespace belongs to neuroflow; expected a name of its own" in failed.failure
    assert manager.registry.get("op", "relu").provider.distribution == "neuroflow"
    assert len(manager.registry.entries("op", "relu")) == 1


def test_one_entry_point_listed_twice_is_one_plugin(plugins):
    plugins.add("good", CUBE)
    points = plugins.points()
    manager = type(plugins.manager())([*points, *points])
    assert not manager.failures
    assert [p.name for p in manager.plugins].count("good") == 1


def test_the_order_is_bundled_first_and_then_by_name_whatever_the_order_of_discovery(plugins):
    for name in ("zeta", "alpha", "midway"):
        plugins.add(name, CUBE.replace("cube", f"cube_{name}"))
    points = plugins.points()
    forward = type(plugins.manager())(points)
    backward = type(forward)(points[::-1])
    names = [plugin.name for plugin in forward.plugins]
    assert names[-3:] == ["alpha", "midway", "zeta"]
    assert names[:-3] == sorted(names[:-3])
    assert names == [plugin.name for plugin in backward.plugins]
    assert [e.id for e in forward.registry] == [e.id for e in backward.registry]


def test_commands_that_fail_are_recorded(plugins):
    plugins.add(
        "wordy",
        CUBE + "\n    @nf.hookimpl\n    def neuroflow_commands(cli):\n        cli.no_such_thing()",
    )
    manager = plugins.manager()
    assert not manager.failures
    manager.add_commands(click.Group())
    (failed,) = manager.failures
    assert "AttributeError while neuroflow_commands" in failed.failure


def test_only_and_without_select_plugins(plugins):
    plugins.add("one", CUBE)
    plugins.add("two", CUBE)
    third_party = {"one", "two"}
    only = {p.name for p in plugins.manager(only=["one"]).plugins}
    without = {p.name for p in plugins.manager(without=["one", "losses"]).plugins}
    assert only & third_party == {"one"}
    assert "ops" in only
    assert without & third_party == {"two"}
    assert "losses" not in without


def run(code, plugins, **environment):
    paths = {"PYTHONPATH": str(plugins.folder), "PATH": "/usr/bin:/bin", **environment}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code], env=paths, capture_output=True, text=True
    )


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "cube cube2"),
        ({"NEUROFLOW_PLUGINS": "", "NEUROFLOW_DISABLE_PLUGINS": ","}, "cube cube2"),
        ({"NEUROFLOW_PLUGINS": "one"}, "cube"),
        ({"NEUROFLOW_PLUGINS": " one , two "}, "cube cube2"),
        ({"NEUROFLOW_DISABLE_PLUGINS": "one"}, "cube2"),
    ],
)
def test_the_environment_selects_plugins(plugins, environment, expected):
    plugins.add("one", CUBE)
    plugins.add("two", CUBE.replace("cube", "cube2"))
    code = "import neuroflow as nf; print(*[e.name for e in nf.find('cube*', 'op')])"
    done = run(code, plugins, **environment)
    assert done.stdout.strip() == expected, done.stderr


def test_the_environment_makes_failures_fatal(plugins):
    plugins.add("broken", "1 / 0")
    code = "import neuroflow as nf; print(len(nf.names('op')))"
    assert int(run(code, plugins).stdout) > 20
    strict = run(code, plugins, NEUROFLOW_STRICT_PLUGINS="1")
    assert "PluginError: plugin 'broken' of broken-dist 1.0 failed" in strict.stderr


def test_importing_neuroflow_loads_nothing_else(plugins):
    plugins.add("one", CUBE)
    code = (
        "import sys, neuroflow; heavy = ('pluggy', 'attr', 'attrs', 'numpy', 'click', 'rich',"
        " 'importlib.metadata', 'typing');"
        "print([m for m in sys.modules if m in heavy or m.startswith(('neuroflow_', 'plugin_'))])"
    )
    done = run(code.replace("import sys, neuroflow", "import sys; before = set(sys.modules);"
                            " import neuroflow").replace("in sys.modules if m in",
                            "in set(sys.modules) - before if m in"), plugins)  # fmt: skip
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


# Every hook, by name: each takes what its kind of entry is, and nothing else.

ENTRIES = {
    "neuroflow_ops": "nf.OpEntry(name='it', target='math:exp')",
    "neuroflow_activations": "nf.ActivationEntry(name='it', target='math:exp')",
    "neuroflow_losses": "nf.LossEntry(name='it', target='math:exp')",
    "neuroflow_metrics": "nf.MetricEntry(name='it', target='math:exp')",
    "neuroflow_layers": "nf.LayerEntry(name='it', target='math:exp')",
    "neuroflow_optimizers": "nf.OptimizerEntry(name='it', target='math:exp')",
    "neuroflow_schedules": "nf.ScheduleEntry(name='it', target='math:exp')",
    "neuroflow_initializers": "nf.InitializerEntry(name='it', target='math:exp')",
    "neuroflow_datasets": "nf.DatasetEntry(name='it', target='math:exp')",
    "neuroflow_tokenizers": "nf.TokenizerEntry(name='it', target='math:exp')",
    "neuroflow_backends": "nf.BackendEntry(name='it', target='math:exp')",
    "neuroflow_recipes": "nf.RecipeEntry(name='it', target='math:exp')",
    "neuroflow_formats": "nf.FormatEntry(name='it', target='math:exp')",
    "neuroflow_checks": "nf.CheckEntry(name='it', target='math:exp', kinds=('op',))",
    "neuroflow_exporters": "nf.ExporterEntry(name='it', target='math:exp')",
    "neuroflow_importers": "nf.ImporterEntry(name='it', target='math:exp')",
    "neuroflow_looks": "nf.LookEntry(name='it', target='math:exp', layer='mlp', label='it')",
    "neuroflow_panels": "nf.PanelEntry(name='it', target='math:exp')",
    "neuroflow_observers": "nf.ObserverEntry(name='it', target='math:exp')",
}


@pytest.mark.parametrize("hook", ENTRIES)
def test_a_hook_registers_entries_of_its_kind(plugins, hook):
    source = "import neuroflow as nf\n@nf.hookimpl\ndef {}():\n    yield {}\n"
    plugins.add("one", source.format(hook, ENTRIES[hook]))
    other = ENTRIES["neuroflow_ops" if hook != "neuroflow_ops" else "neuroflow_losses"]
    plugins.add("wrong", source.format(hook, other))
    manager = plugins.manager()
    kind = next(kind for kind in KINDS if f"neuroflow_{plural(kind)}" == hook)
    assert manager.registry.get(kind, "one/it").load()(0.0) == 1.0
    (failed,) = manager.failures
    assert failed.name == "wrong"
    assert f"InputError while loading: {hook} gave" in failed.failure


def test_every_hook_is_documented_and_tested():
    assert set(HOOKS) == {*ENTRIES, "neuroflow_commands"}
    assert set(ENTRIES) == {f"neuroflow_{plural(kind)}" for kind in KINDS}
    for name in HOOKS:
        assert len(getattr(Hooks, name).__doc__.split()) >= 3


def test_a_busy_machine_is_not_the_plugin_s_fault(plugins, monkeypatch):
    """Time passes, and the plugin computes nothing in it."""
    clock = itertools.count(step=5.0)
    monkeypatch.setattr("neuroflow.registry.discovery.time.perf_counter", lambda: next(clock))
    plugins.add("one", "import neuroflow as nf\n")
    (plugin,) = (p for p in plugins.manager().plugins if p.name == "one")
    assert plugin.seconds >= 5.0
    assert not any("to load" in warning for warning in plugin.warnings)
