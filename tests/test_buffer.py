"""Buffers: kept and saved with a module, never trained; written by the rule of a step."""

import copy
import pickle

import pytest

import neuroflow as nf
from neuroflow.buffer import StepWrites, kept_by


class Running(nf.Module):
    """x minus a running mean of what it saw in training."""

    def __init__(self):
        self.gain = nf.Value(2.0)
        self.mean = nf.Buffer(1.0)
        self.masks = [[nf.Buffer(1.0), nf.Buffer(0.0)]]

    def forward(self, x):
        self.mean.write(0.75 * self.mean + 0.25 * x)
        return (x - self.mean) * self.gain * self.masks[0][0]


def test_buffers_have_names_and_are_no_parameters():
    model = Running()
    assert [name for name, _ in model.named_parameters()] == ["gain"]
    assert [name for name, _ in model.named_buffers()] == ["mean", "masks.0.0", "masks.0.1"]
    assert model.buffers() == [model.mean, *model.masks[0]]
    assert model.state_dict() == {"gain": 2.0, "mean": 1.0, "masks.0.0": 1.0, "masks.0.1": 0.0}


def test_a_state_takes_buffers_along_and_misses_them():
    model, other = Running(), Running()
    model.mean.data = 5.0
    other.load_state_dict(model.state_dict())
    assert other.mean.data == 5.0
    with pytest.raises(nf.StateError, match=r"has 4 parameters; missing: mean"):
        other.load_state_dict({"gain": 1.0, "masks.0.0": 1.0, "masks.0.1": 0.0})


def test_outside_of_a_step_a_write_acts_at_once_and_only_in_training():
    model = Running()
    assert model(nf.Value(3.0)).data == (3.0 - 1.5) * 2.0
    model.eval()(7.0)
    with nf.evaluating():
        model.train()(7.0)
    assert model.mean.data == 1.5


def test_what_is_written_is_detached():
    model = Running()
    model(nf.Value(3.0))
    assert (model.mean.op, model.mean.inputs) == (None, ())


def test_in_a_step_all_read_what_was_there_and_the_mean_comes_at_its_end():
    model = Running()
    with kept_by(StepWrites()) as writes:
        assert [model(x).data for x in (3.0, 5.0)] == [4.0, 8.0]
    assert model.mean.data == 1.0
    assert writes.means() == {model.mean: (1.5 + 2.0) / 2}


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_a_number_that_is_not_finite_is_refused(number):
    buffer = nf.Buffer(1.0)
    with pytest.raises(nf.DomainError, match=r"was to be written into Buffer\(1\.0\)"):
        buffer.write(number)
    assert buffer.data == 1.0


def test_a_buffer_is_copied_and_pickled_as_one():
    for again in (copy.deepcopy(nf.Buffer(2.0, "b")), pickle.loads(pickle.dumps(nf.Buffer(2.0)))):
        assert type(again) is nf.Buffer
        assert again.data == 2.0
    assert repr(copy.deepcopy(nf.Buffer(2.0, "b"))) == "Buffer(2.0, name='b')"


def test_gradients_reach_buffers_and_are_cleared_with_the_others():
    model = Running()
    model(3.0).backward()
    assert model.mean.grad == -2.0
    model.zero_grad()
    assert (model.mean.grad, model.gain.grad) == (0.0, 0.0)
