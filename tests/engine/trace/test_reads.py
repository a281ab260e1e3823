"""What code reads by name."""

from neuroflow.engine.trace.reads import reads_of


def test_globals_and_attributes_of_inner_functions_count_too():
    def outer(model, xs):
        return [LIMIT * model.rate(x) for x in xs] + list(map(lambda x: OTHER.scale * x, xs))  # noqa: F821, C417

    reads = reads_of(outer.__code__)
    assert {"LIMIT", "OTHER"} <= reads.of_globals
    assert {"rate", "scale"} <= reads.of_attributes


def test_an_attribute_that_is_asked_for_by_its_text_is_read():
    def read(model):
        return getattr(model, "slope")  # noqa: B009

    assert "slope" in reads_of(read.__code__).of_attributes
