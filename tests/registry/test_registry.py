"""The registry: names, ids, provenance, and errors that tell what to do."""

from __future__ import annotations

import pytest

import neuroflow as nf
from neuroflow.registry.entries import KINDS, BackendEntry, LossEntry, OpEntry, Provider, plural
from neuroflow.registry.registry import Registry

OURS = Provider("ops", "neuroflow", "neuroflow", "0.1.0", "neuroflow_plugins.ops")
ALICE = Provider("alice", "alice", "alice-ops", "1.2", "alice.ops")
BOB = Provider("bob", "bob", "bobs-neurons", "0.3", "bob")


def entry(name, **facts):
    return OpEntry(name=name, target=facts.pop("target", "math:exp"), **facts)


@pytest.fixture
def registry():
    made = Registry()
    made.add(entry("relu"), OURS)
    made.add(entry("tanh", aliases=("hyperbolic_tangent",)), OURS)
    return made


def test_an_id_is_namespace_name_version():
    added = Registry().add(entry("cube", version=3), ALICE)
    assert added.id == "alice/cube@3"
    assert added.shortest_name == "alice/cube"


def test_the_namespace_comes_from_the_distribution_and_not_from_the_entry(registry):
    sly = registry.add(entry("relu", provider=OURS), ALICE)
    assert sly.id == "alice/relu@1"
    assert registry.get("op", "relu").provider == OURS


def test_an_entry_without_a_provider_is_local():
    assert entry("cube").id == "local/cube@1"


def test_a_bare_name_means_the_bundled_entry_whatever_else_is_installed(registry):
    registry.add(entry("relu", version=99), ALICE)
    assert registry.get("op", "relu").id == "neuroflow/relu@1"
    assert registry.get("op", "alice/relu").id == "alice/relu@99"


def test_a_bare_name_of_a_single_plugin_is_enough(registry):
    registry.add(entry("cube"), ALICE)
    assert registry.get("op", "cube").id == "alice/cube@1"


def test_an_ambiguous_name_lists_both_ids_and_distributions(registry):
    registry.add(entry("cube"), BOB)
    registry.add(entry("cube"), ALICE)
    with pytest.raises(nf.RegistryError) as caught:
        registry.get("op", "cube")
    assert str(caught.value) == (
        "op 'cube' is ambiguous: write bob/cube (plugin 'bob' of bobs-neurons 0.3) or alice/cube"
        " (plugin 'alice' of alice-ops 1.2); bare names belong to bundled entries"
    )


def test_the_newest_version_is_meant_unless_one_is_given(registry):
    registry.add(entry("cube", version=2), ALICE)
    registry.add(entry("cube", version=1), ALICE)
    assert registry.get("op", "cube").version == 2
    assert registry.get("op", "alice/cube@1").version == 1
    assert registry.get("op", "cube@1").version == 1


def test_a_version_that_is_not_installed_names_who_offers_which(registry):
    with pytest.raises(nf.RegistryError) as caught:
        registry.get("op", "relu@2")
    assert str(caught.value) == (
        "op 'relu@2' is not installed: plugin 'ops' of neuroflow 0.1.0 offers version 1; install"
        " the distribution version that has it, or configure the model anew"
    )


def test_an_id_is_offered_once(registry):
    with pytest.raises(nf.RegistryError, match="op neuroflow/relu@1 is offered twice"):
        registry.add(entry("relu"), OURS)


def test_an_alias_means_its_entry_and_is_not_listed_twice(registry):
    assert registry.get("op", "hyperbolic_tangent").name == "tanh"
    assert [e.name for e in registry.entries("op")] == ["relu", "tanh"]


def test_no_plugin_takes_over_a_bundled_alias(registry):
    registry.add(entry("hyperbolic_tangent"), ALICE)
    assert registry.get("op", "hyperbolic_tangent").id == "neuroflow/tanh@1"


def test_a_deprecated_entry_warns_with_what_to_use(registry):
    registry.add(entry("ramp", deprecated="use relu"), ALICE)
    with pytest.warns(DeprecationWarning, match="op alice/ramp@1 is deprecated: use relu"):
        assert registry.get("op", "ramp").name == "ramp"


def test_a_lazy_target_is_imported_on_first_use_only(plugins):
    module = plugins.add("lazy", "thing = 42")
    made = entry("cube", target=f"{module}:thing")
    import sys

    assert module not in sys.modules
    assert made.load() == 42
    assert module in sys.modules


@pytest.mark.parametrize("target", ["no_such_module:thing", "math:no_such_thing"])
def test_a_lazy_target_that_is_not_there_names_its_provider(registry, target):
    added = registry.add(entry("cube", target=target), ALICE)
    with pytest.raises(nf.PluginError) as caught:
        added.load()
    assert str(caught.value).startswith(
        f"op alice/cube@1 (plugin 'alice' of alice-ops 1.2) could not be imported from {target!r}:"
    )
    assert str(caught.value).endswith("repair or uninstall that distribution")


@pytest.mark.parametrize(
    ("kind", "reference", "message"),
    [
        ("op", "rleu", "unknown op 'rleu'; did you mean 'relu'? see: neuroflow list ops"),
        ("loss", "zzz", "unknown loss 'zzz'; see: neuroflow list losses"),
        (
            "loss",
            "relu",
            "unknown loss 'relu'; 'relu' is the name of an op; see: neuroflow list losses",
        ),
        ("opp", "relu", "unknown kind 'opp'; did you mean 'op' or 'ops'? kinds: op, activation,"),
        ("op", "relu@x", "'relu@x' is no reference; write [namespace/]name[@version]"),
    ],
)
def test_an_unknown_name_gets_a_suggestion(registry, kind, reference, message):
    with pytest.raises(nf.RegistryError) as caught:
        registry.get(kind, reference)
    assert str(caught.value).startswith(message)


def test_a_wildcard_matches_names_and_ids_bundled_first(registry):
    registry.add(entry("arctan"), ALICE)
    registry.add(entry("tan"), BOB)
    found = [e.id for e in registry.entries("ops", "*tan*")]
    assert found == ["neuroflow/tanh@1", "alice/arctan@1", "bob/tan@1"]
    assert [e.id for e in registry.entries("op", "alice/*")] == ["alice/arctan@1"]
    assert registry.entries("op", "RELU") == []


def test_a_provider_offers_each_entry_once_in_the_order_of_the_kinds(registry):
    registry.add(entry("cube"), ALICE)
    registry.add(LossEntry(name="far", target="math:exp"), OURS)
    registry.add(entry("exp"), OURS)
    assert [(each.kind, each.name) for each in registry.of(OURS)] == [
        ("op", "exp"), ("op", "relu"), ("op", "tanh"), ("loss", "far"),
    ]  # fmt: skip


def test_what_a_provider_registered_can_be_taken_back(registry):
    registry.add(entry("cube", aliases=("third",)), ALICE)
    registry.remove(ALICE)
    assert [e.name for e in registry] == ["relu", "tanh"]
    with pytest.raises(nf.RegistryError):
        registry.get("op", "third")


def test_every_entry_answers_who_provides_it():
    for found in nf.find("*"):
        by = found.provider
        assert (by.distribution, by.namespace) == ("neuroflow", "neuroflow"), found.id
        assert by.module.startswith("neuroflow_plugins.")


def test_find_looks_through_all_kinds():
    kinds = [found.kind for found in nf.find("relu")]
    assert kinds == ["op", "activation"]
    assert [found.id for found in nf.find("neuroflow/hinge@*")] == ["neuroflow/hinge@1"]


@pytest.mark.parametrize("kind", [k for k in KINDS if k != "tokenizer"])
def test_names_are_sorted_and_each_can_be_got(kind):
    names = nf.names(kind)
    assert names == sorted(names)
    assert names
    for name in names:
        assert nf.get(kind, name).shortest_name == name
        assert nf.get(plural(kind), name).kind == kind


def test_entries_are_frozen_and_compare_by_identity():
    first, second = entry("a"), entry("a")
    assert first != second
    with pytest.raises(AttributeError):
        first.name = "b"


def test_kinds_do_not_share_names(registry):
    registry.add(LossEntry(name="relu", target="math:exp"), ALICE)
    registry.add(BackendEntry(name="relu", target="math:exp"), ALICE)
    assert registry.get("op", "relu").kind == "op"
    assert registry.get("backend", "relu").kind == "backend"


def test_chaining_uses_bundled_names_and_leaves_out_ambiguous_ones(plugins, monkeypatch):
    from neuroflow.registry import manager as plugin

    source = """
        import neuroflow as nf

        @nf.op
        def NAME(x):
            return x * FACTOR

        @nf.hookimpl
        def neuroflow_ops():
            return [NAME]
    """

    def offer(who, name, factor):
        text = source.replace("NAME", name).replace("FACTOR", factor)
        plugins.add(who, text, distribution=f"{who}-{name}")

    offer("alice", "relu", "100.0")
    offer("bob", "both", "1.0")
    offer("carol", "both", "2.0")
    offer("dora", "single", "7.0")
    manager = plugins.manager()
    assert not manager.failures
    monkeypatch.setattr(plugin, "manager", lambda: manager)
    ops = plugin.ops_by_name.__wrapped__()
    assert ops["relu"](3.0) == 3.0
    assert ops["single"](3.0) == 21.0
    assert "both" not in ops
