"""Every hook is documented with its exact signature, and a plugin that implements it is tested."""

from __future__ import annotations

import inspect
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType

import click
import pytest

import neuroflow as nf
from neuroflow.registry.discovery import PluginManager
from neuroflow.registry.entries import ENTRY_TYPES, plural
from neuroflow.registry.hooks import HOOKS, Hooks, hook_signature
from neuroflow.registry.points import GROUP

DOCS = Path(__file__).parents[2] / "docs" / "reference" / "hooks.md"
KIND_OF = {f"neuroflow_{plural(kind)}": kind for kind in ENTRY_TYPES}


def plugin_of(monkeypatch, **hooks):
    """A plugin manager with one plugin that implements these hooks."""
    module = ModuleType("hooked")
    for name, function in hooks.items():
        setattr(module, name, nf.hookimpl(function))
    monkeypatch.setitem(__import__("sys").modules, "hooked", module)
    return PluginManager([EntryPoint("hooked", "hooked", GROUP)])


@pytest.mark.parametrize("hook", HOOKS)
def test_hook_is_documented(hook):
    """The page names the hook in a directive that prints the signature from the code."""
    text = DOCS.read_text(encoding="utf-8")
    assert f"{{nf:hook}} {hook}" in text or f"nf:hook:: {hook}" in text
    function = getattr(Hooks, hook)
    assert inspect.getdoc(function), f"{hook} has no docstring"


def test_documentation_names_no_hook_that_is_gone():
    text = DOCS.read_text(encoding="utf-8")
    named = {word.strip("`(){}.,:") for word in text.split() if word.startswith("neuroflow_")}
    assert named <= set(HOOKS) | {"neuroflow_hook_version"}


def test_signatures_are_read_from_the_code():
    assert hook_signature("neuroflow_ops") == "neuroflow_ops() -> Iterable[OpEntry | Op]"
    assert hook_signature("neuroflow_commands") == "neuroflow_commands(cli: Any) -> None"


REQUIRED = {"check": {"kinds": ("op",)}, "look": {"layer": "mlp", "label": "it"}}


@pytest.mark.parametrize("hook", [hook for hook in HOOKS if hook in KIND_OF])
def test_hook_registers_what_it_returns(monkeypatch, hook):
    entry_type = ENTRY_TYPES[KIND_OF[hook]]
    required = REQUIRED.get(KIND_OF[hook], {})
    entry = entry_type(name="thing", target=lambda *_: 0.0, **required)
    found = plugin_of(monkeypatch, **{hook: lambda: [entry]})
    assert not found.failures
    registered = found.registry.get(KIND_OF[hook], "thing")
    assert registered.target is entry.target
    assert registered.provider.plugin == "hooked"


@pytest.mark.parametrize("hook", [hook for hook in HOOKS if hook in KIND_OF])
def test_hook_refuses_entries_of_another_kind(monkeypatch, hook):
    other = "loss" if KIND_OF[hook] != "loss" else "op"
    entry = ENTRY_TYPES[other](name="thing", target=print)
    (failed,) = plugin_of(monkeypatch, **{hook: lambda: [entry]}).failures
    assert f"{hook} gave" in failed.failure
    assert f"expected {ENTRY_TYPES[KIND_OF[hook]].__name__}" in failed.failure


def test_commands_hook_gets_the_command_line(monkeypatch):
    def neuroflow_commands(cli):
        cli.add_command(click.Command("greet"))

    group = click.Group("test")
    found = plugin_of(monkeypatch, neuroflow_commands=neuroflow_commands)
    found.add_commands(group)
    assert list(group.commands) == ["greet"]
    assert not found.failures


def test_commands_hook_that_fails_is_recorded(monkeypatch):
    def neuroflow_commands(cli):
        raise OSError("no terminal")

    found = plugin_of(monkeypatch, neuroflow_commands=neuroflow_commands)
    found.add_commands(click.Group("test"))
    assert [p.failure for p in found.failures] == ["OSError while neuroflow_commands: no terminal"]


def test_implementation_may_take_fewer_arguments(monkeypatch):
    called = []
    found = plugin_of(monkeypatch, neuroflow_commands=lambda: called.append(True))
    found.add_commands(click.Group("test"))
    assert called == [True]
