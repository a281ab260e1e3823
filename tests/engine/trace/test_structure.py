"""Structures: inputs as one flat row of numbers, and what their nesting looks like."""

from __future__ import annotations

from neuroflow.engine.trace.structure import describe, difference, flatten, rebuild


def test_dicts_are_inputs_like_lists():
    x = {"a": [1.0, 2], "b": {"c": 3.0}}
    numbers, structure = flatten([x])
    assert numbers == [1.0, 2, 3.0]
    assert describe(structure) == "({a: [number, integer], b: {c: number}})"
    given = iter(numbers)
    assert rebuild(structure, lambda kind: next(given)) == [x]
    assert difference(structure, flatten([{"a": [1.0], "b": 2.0}])[1]) == (
        "inputs[0][a] had length 2 and then 1"
    )
    assert "had the keys a, b and then {d: number}" in difference(
        structure, flatten([{"d": 1.0}])[1]
    )
