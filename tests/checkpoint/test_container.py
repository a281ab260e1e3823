"""The container: every claim of a header is checked before it costs anything."""

from __future__ import annotations

import io
import json
import struct
import time

import numpy as np
import pytest
from safetensors.numpy import load as read_elsewhere
from safetensors.numpy import save as write_elsewhere

from neuroflow.checkpoint.arrays import exactly
from neuroflow.checkpoint.container import DTYPES, Stored, packed, read_header, unpacked
from neuroflow.errors import StateError
from tests.support.files import with_header

TWO = packed({"by": "me"}, {"a": Stored((2,), bytes(16)), "b": Stored((1, 1), bytes(8))})


def refused(content):
    with pytest.raises(StateError) as caught:
        unpacked(content)
    return str(caught.value)


def test_what_is_written_is_what_others_read_and_the_other_way_round():
    arrays = {"w": np.arange(6.0).reshape(2, 3), "b": np.array([0.5], np.float32)}
    metadata, stored = unpacked(write_elsewhere(arrays, {"by": "others"}))
    assert metadata == {"by": "others"}
    for name, tensor in stored.items():
        found = exactly(tensor.dtype, tensor.content).reshape(tensor.shape)
        assert found.tolist() == arrays[name].tolist()
    assert read_elsewhere(TWO)["a"].tolist() == [0.0, 0.0]


def entry(**changes):
    """A change of the tensor ``a``."""
    return lambda header: {**header, "a": {**header["a"], **changes}}


HEADERS = {
    "whole numbers": (entry(shape=[-1]), "has the shape [-1]"),
    "no fractions": (entry(shape=[2.0]), "has the shape [2.0]"),
    "no truth values": (entry(shape=[True, 2]), "has the shape [True, 2]"),
    "not so many axes": (entry(shape=[1] * 9), "at most 8 whole numbers"),
    "no empty grid": (entry(shape=[0, 10**9]), "has the shape [0, 1000000000]"),
    "no billions": (entry(shape=[10**9]), "has 16 bytes, which is not what F64 [1000000000] need"),
    "no huge numbers": (entry(shape=[10**30, 10**30]), "has 16 bytes, which is not what F64"),
    "two places": (entry(data_offsets=[0]), "lies at [0]; expected two places from 0 to 24"),
    "forwards": (entry(data_offsets=[16, 0]), "lies at [16, 0]"),
    "inside": (entry(data_offsets=[0, 2**63]), "lies at [0, 9223372036854775808]"),
    "apart": (entry(data_offsets=[8, 24]), "its tensors leave a gap at byte 0"),
    "not over another": (entry(data_offsets=[0, 8], shape=[1]), "leave a gap at byte 8"),
    "a kind": (entry(dtype=7), "has numbers of the kind 7; expected a text"),
    "a table": (lambda h: {**h, "a": None}, "its tensor 'a' is None; expected a table with"),
    "all keys": (lambda h: {**h, "a": {"dtype": "F64"}}, "with dtype, shape and data_offsets"),
    "no byte unclaimed": (lambda h: {k: x for k, x in h.items() if k != "b"}, "and 24 are there"),
    "texts": (lambda h: {**h, "__metadata__": {"n": 1}}, "its metadata are no texts by name"),
    "a header": (lambda h: [h], "its header is [{"),
    "JSON": (lambda h: b"{'a': 1}", "its header is not JSON"),
    "UTF-8": (lambda h: b'{"\xff": 1}', "its header is not JSON: 'utf-8' codec"),
    "not too deep": (lambda h: b"[" * 100_000, "its header is nested too deeply"),
    "not deep": (lambda h: b"[" * 500 + b"]" * 500, "is nested more than 100 deep"),
    "short numbers": (lambda h: b'{"a": ' + b"9" * 5000 + b"}", "Exceeds the limit"),
    "each key once": (
        lambda h: json.dumps(h).encode()[:-1] + b', "a": {}}', "its header has the key 'a' twice"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "message"), HEADERS.values(), ids=HEADERS)
def test_a_header_says(change, message):
    assert message in refused(with_header(TWO, change))


def test_tensors_may_be_told_in_any_order_but_never_overlap():
    swapped = with_header(TWO, lambda header: dict(reversed(header.items())))
    assert unpacked(swapped)[1].keys() == {"a", "b"}
    both = entry(data_offsets=[0, 24], shape=[3])
    assert "its tensors overlap at byte 16" in refused(with_header(TWO, both))


@pytest.mark.parametrize("length", [0, 3, 8])
def test_a_file_of_a_few_bytes(length):
    assert "its header" in refused(TWO[:length])


def test_a_header_that_would_be_longer_than_the_file():
    for length in (len(TWO), 10**9, 2**63, 2**64 - 1):
        assert f"its header would have {length} bytes" in refused(
            struct.pack("<Q", length) + TWO[8:]
        )


KINDS = {
    "F64": (np.float64, [0.1, -1e300]), "F32": (np.float32, [0.1, -1e30]),
    "F16": (np.float16, [0.1, 6e4]), "BOOL": (np.bool_, [True, False]),
    "I64": (np.int64, [-(2**53), 7]), "I32": (np.int32, [-5, 7]), "I16": (np.int16, [-5, 7]),
    "I8": (np.int8, [-5, 7]), "U64": (np.uint64, [0, 2**53]), "U32": (np.uint32, [0, 2**32 - 1]),
    "U16": (np.uint16, [0, 9]), "U8": (np.uint8, [0, 255]),
}  # fmt: skip


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_kind_of_number_is_read_exactly(dtype):
    if dtype == "BF16":
        exact = np.array([0.15625, -1e30, np.inf], np.float32).view(np.uint32) & 0xFFFF0000
        content = (exact >> 16).astype("<u2").tobytes()
        assert exactly(dtype, content).tolist() == exact.view(np.float32).tolist()
        return
    kind, numbers = KINDS[dtype]
    stored = np.array(numbers, kind)
    assert exactly(dtype, stored.tobytes()).tolist() == [float(x) for x in stored]


def test_what_cannot_be_read_exactly_is_refused():
    for dtype, number in (("I64", 2**53 + 1), ("U64", 2**64 - 1), ("I64", -(2**63))):
        content = number.to_bytes(8, "little", signed=dtype == "I64")
        with pytest.raises(StateError, match=r"a whole number beyond 2\^53"):
            exactly(dtype, content)
    with pytest.raises(StateError, match="numbers of the kind 'F8_E5M2'; expected one of F64,"):
        exactly("F8_E5M2", b"1")


def test_many_names_are_read_in_a_time_that_grows_with_their_number():
    many = b"{" + b",".join(b'"%d":{}' % k for k in range(100_000)) + b"}"
    begun = time.process_time()
    assert "its tensor '0' is a table; expected a table with dtype" in refused(
        struct.pack("<Q", len(many)) + many
    )
    assert time.process_time() - begun < 5  # about 0.1 s; what is quadratic would take minutes


def test_a_header_is_read_without_the_numbers(tmp_path):
    file = io.BytesIO(TWO)
    metadata, entries = read_header(file, len(TWO))
    assert metadata == {"by": "me"}
    assert entries["a"]["shape"] == [2]
    assert file.tell() == len(TWO) - 24  # three float64 are left
    with pytest.raises(StateError, match="its header would have"):
        read_header(io.BytesIO(TWO[:20]), 20)
