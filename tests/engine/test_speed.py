"""Expected speed: what instructions move and do, counted by hand, and rates that are kept."""

import json

import pytest

import neuroflow as nf
from neuroflow.engine import ceilings as all_ceilings
from neuroflow.engine.ceilings import Ceilings, ceilings
from neuroflow.engine.report import plan_and_speed_of
from neuroflow.engine.speed import Cost, cost_of, expected
from tests.support.machine import program_of

KNOWN = Ceilings(
    near_bytes=100.0, middle_bytes=50.0, far_bytes=10.0, operations=7.0, curves=2.0,
    call_seconds=3.0,
)  # fmt: skip


def layer_costs(lanes):
    """What each instruction of a layer of 2 neurons with 3 inputs costs: (word, cost)."""
    layer = nf.build("mlp", sizes=[3, 2], activation="tanh", rng=nf.SplitMix32(1))

    def loss(model, xs):
        return nf.sum([nf.exp(y) for y in model(xs)])

    executor, program = program_of(loss, ([0.1, 0.2, 0.3],), lanes, 1, layer, "parameters")
    rows = [(nf.Instruction.of(row[0]).name, row) for row in program.code.tolist()]
    return (
        [(name, cost_of(row, program, executor.kernels)) for name, row in rows],
        executor,
        program,
    )


def test_a_layer_moves_its_weights_inputs_and_outputs_and_multiplies_all_of_them():
    costs, *_ = layer_costs(lanes=4)
    of_word = {}
    for name, cost in costs:
        of_word.setdefault(name, []).append(cost)
    weights, inputs, outputs, biases = 2 * 3, 3 * 4, 2 * 4, 2
    assert of_word["MATMUL"] == [Cost(weights + inputs + outputs + biases, 2 * 2 * 3 * 4)]
    assert of_word["OUTER"] == [Cost(outputs + inputs + 2 * weights, 2 * 2 * 3 * 4)]
    assert of_word["SUM"] == [Cost(4 + outputs, outputs)]
    assert of_word["SCATTER"] == [Cost(3 * outputs, outputs)]
    exp, exp_back = of_word["MAP"]
    assert exp == Cost(2 * outputs, 0, outputs)
    assert (exp_back.moved, exp_back.curves) == (5 * outputs, 0)


def test_seconds_are_those_of_the_slower_of_moving_and_computing_and_of_curves():
    costs, executor, program = layer_costs(lanes=4)
    total, seconds = expected(program, executor.kernels, "float64", KNOWN, calls=5)
    assert total == sum([cost for _, cost in costs], Cost())
    by_hand = sum(max(c.moved * 8 / 100.0, c.operations / 7.0) + c.curves / 2.0 for _, c in costs)
    assert seconds == pytest.approx(by_hand + 5 * 3.0)


def test_a_larger_batch_is_expected_to_take_longer():
    times = [
        expected(program, executor.kernels, "float64", KNOWN, 0)[1]
        for _, executor, program in map(layer_costs, (1, 4, 16))
    ]
    assert times == sorted(times)


def test_ceilings_are_measured_once_and_kept_on_disk(tmp_path, monkeypatch):
    monkeypatch.setenv("NEUROFLOW_CACHE", str(tmp_path))
    monkeypatch.setattr(all_ceilings, "measured", lambda dtype: KNOWN)
    ceilings.cache_clear()
    assert ceilings("float64") == KNOWN
    monkeypatch.setattr(all_ceilings, "measured", None)
    ceilings.cache_clear()
    assert ceilings("float64") == KNOWN
    ceilings.cache_clear()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_ceilings_are_rates_of_this_processor(monkeypatch, dtype):
    monkeypatch.setattr(all_ceilings, "SECONDS", 0.0005)
    monkeypatch.setattr(all_ceilings, "FAR", 1 << 22)
    found = all_ceilings.measured(dtype)
    assert 1e6 < found.operations < 1e13
    assert 1e5 < found.curves < 1e11
    assert 1e-9 < found.call_seconds < 1e-2


def test_a_step_is_measured_on_the_runs_own_backend_and_nothing_is_learnt(backend, monkeypatch):
    monkeypatch.setattr("neuroflow.engine.speed.SECONDS", 0.002)
    training = nf.train("moons", {"train.backend": backend})
    before = [p.data for p in training.model.parameters()]
    report, speed = plan_and_speed_of(training, lanes=3)
    assert (speed.backend, speed.dtype) == (backend, "float64")
    assert speed.lanes >= 3
    assert speed.measured_seconds > 0.0
    assert (speed.calls > 0) == (backend == "numpy")
    assert [p.data for p in training.model.parameters()] == before
    assert f"{speed.bytes_moved:,} bytes" in str(speed)
    assert json.loads(json.dumps(speed.as_dict()))["lanes"] == speed.lanes
    assert report.instructions > 0
