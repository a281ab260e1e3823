"""nf.layers: every registered layer by the name of its class."""

import pytest

import neuroflow as nf
from neuroflow.registry import manager as registry_manager


def test_every_registered_layer_is_there_under_the_name_of_its_class():
    for name in nf.names("layer"):
        target = nf.get("layer", name).load()
        assert getattr(nf.layers, target.__name__) is target
        assert target.__name__ in dir(nf.layers)
    assert {"Neuron", "Layer", "Sequential", "MLP"} <= {*dir(nf.layers)}


@pytest.mark.parametrize(
    ("name", "hint"), [("neuron", "did you mean 'Neuron'?"), ("Lager", "did you mean 'Layer'?")]
)
def test_another_name_is_refused_with_the_one_that_is_meant(name, hint):
    with pytest.raises(AttributeError) as caught:
        getattr(nf.layers, name)
    assert str(caught.value).startswith(f"no layer's class is named {name!r}; {hint}")


SOURCE = """
    import neuroflow as nf

    class CLASS(nf.Module):
        who = "WHO"

        def forward(self, xs):
            return xs

    @nf.hookimpl
    def neuroflow_layers():
        yield nf.LayerEntry(name="LAYER", target=CLASS)
"""


def test_bundled_classes_always_win_and_rivals_are_told_apart(plugins, monkeypatch):
    def offer(who, kind, layer):
        text = SOURCE.replace("CLASS", kind).replace("WHO", who).replace("LAYER", layer)
        plugins.add(who, text, distribution=who)

    offer("alice", "Neuron", "neuron")
    offer("bob", "Both", "both")
    offer("carol", "Both", "other")
    offer("dora", "Single", "single")
    found = plugins.manager()
    monkeypatch.setattr(registry_manager, "manager", lambda: found)
    monkeypatch.setattr(
        registry_manager, "layers_by_class", registry_manager.layers_by_class.__wrapped__
    )
    assert nf.layers.Neuron is nf.get("layer", "neuron").load()
    assert nf.layers.Single.who == "dora"
    with pytest.raises(
        AttributeError, match=r"2 layers have a class named 'Both'; write nf.get"
    ) as e:
        _ = nf.layers.Both
    assert "'bob/both@1'" in str(e.value)
    assert "'carol/other@1'" in str(e.value)


def test_a_layer_that_is_registered_later_is_there_too():
    assert "Later" not in dir(nf.layers)

    class Later(nf.Module):
        def forward(self, xs):
            return xs

    with nf.local_entries():
        nf.register(nf.LayerEntry(name="later", target=Later))
        assert nf.layers.Later is Later
    assert not hasattr(nf.layers, "Later")
