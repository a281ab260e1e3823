"""The container: tensors behind a header of JSON, as one run of bytes that hides nothing.

The form is that of https://huggingface.co/docs/safetensors#format: eight bytes that say how long
the header is, the header, and the numbers of all tensors, each byte in exactly one of them. It is
read and written here, without the package of that name, so that every claim of a header is
checked before it costs anything, and so that a browser can do it too.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Mapping
from math import prod
from typing import Any, BinaryIO

from attrs import frozen

from neuroflow.core.types import shown
from neuroflow.errors import StateError

DTYPES = {
    "F64": 8, "F32": 4, "F16": 2, "BF16": 2, "BOOL": 1,
    "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2, "U8": 1,
}  # fmt: skip
"""The kinds of numbers that can be read exactly, and the bytes of each; there are others."""

MOST_AXES = 8
METADATA = "__metadata__"
Shape = tuple[int, ...]


@frozen
class Stored:
    """A tensor as it lies in a file."""

    shape: Shape
    content: bytes | memoryview
    dtype: str = "F64"


def packed(metadata: Mapping[str, str], tensors: Mapping[str, Stored]) -> bytes:
    """A whole file.

    >>> unpacked(packed({"by": "me"}, {"w": Stored((1,), bytes(8))}))[0]
    {'by': 'me'}
    """
    header: dict[str, Any] = {METADATA: dict(metadata)}
    end = 0
    for name, tensor in tensors.items():
        start, end = end, end + len(tensor.content)
        place = {"shape": list(tensor.shape), "data_offsets": [start, end]}
        header[name] = {"dtype": tensor.dtype, **place}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    body = b"".join(tensor.content for tensor in tensors.values())
    return struct.pack("<Q", len(text)) + text + body


def unpacked(content: bytes) -> tuple[dict[str, str], dict[str, Stored]]:
    """The metadata and the tensors of a file, as views of its bytes.

    Raises :class:`StateError` for whatever is not as the form wants it.
    """
    length = _header_length(content[:8], len(content) - 8)
    metadata, header = _parsed(content[8 : 8 + length])
    body = memoryview(content)[8 + length :]
    places = {name: _place(name, entry, len(body)) for name, entry in header.items()}
    _check_cover([(start, end) for _, start, end, _ in places.values()], len(body))
    return metadata, {
        name: Stored(shape, body[start:end], dtype)
        for name, (shape, start, end, dtype) in places.items()
    }


def read_header(file: BinaryIO, size: int) -> tuple[dict[str, str], dict[str, Any]]:
    """The metadata and the tensors' entries of a file of so many bytes; its numbers stay unread.

    Raises :class:`StateError` as :func:`unpacked` does, but knows nothing of the numbers.
    """
    length = _header_length(file.read(8), size - 8)
    return _parsed(file.read(length))


def _header_length(first: bytes, rest: int) -> int:
    length = int.from_bytes(first, "little")
    if length > rest:
        raise _wrong(f"its header would have {length} bytes, and {max(0, rest)} are there")
    return length


def _parsed(text: bytes) -> tuple[dict[str, str], dict[str, Any]]:
    """The metadata of a header, and its entries."""
    header = strict_json(text, "its header")
    if not isinstance(header, dict):
        raise _wrong(f"its header is {shown(header)}", "a table")
    metadata = header.pop(METADATA, {})
    if not isinstance(metadata, dict) or not all(isinstance(x, str) for x in metadata.values()):
        raise _wrong("its metadata are no texts by name")
    return metadata, header


def _place(name: str, entry: Any, room: int) -> tuple[Shape, int, int, str]:
    """Where a tensor lies, as its entry in the header says; its bytes are as many as it needs."""
    of = f"its tensor {name[:60]!r}"
    if not isinstance(entry, dict) or not {"dtype", "shape", "data_offsets"} <= set(entry):
        raise _wrong(f"{of} is {shown(entry)}", "a table with dtype, shape and data_offsets")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str):
        raise _wrong(f"{of} has numbers of the kind {shown(dtype)}", "a text")
    if not _are_counts(shape) or len(shape) > MOST_AXES or (0 in shape and len(shape) > 1):
        raise _wrong(f"{of} has the shape {shown(shape)}", f"at most {MOST_AXES} whole numbers")
    if not _are_counts(offsets) or len(offsets) != 2 or not offsets[0] <= offsets[1] <= room:
        raise _wrong(f"{of} lies at {shown(offsets)}", f"two places from 0 to {room}")
    start, end = offsets
    if dtype in DTYPES and prod(shape) * DTYPES[dtype] != end - start:
        raise _wrong(f"{of} has {end - start} bytes, which is not what {dtype} {shown(shape)} need")
    return tuple(shape), start, end, dtype


def _check_cover(places: Iterable[tuple[int, int]], room: int) -> None:
    """No byte belongs to two tensors, and none to nobody: nothing can hide in a file."""
    reached = 0
    for start, end in sorted(places):
        if start != reached:
            what = "overlap" if start < reached else "leave a gap"
            raise _wrong(f"its tensors {what} at byte {min(start, reached)}")
        reached = end
    if reached != room:
        raise _wrong(f"its tensors have {reached} bytes, and {room} are there")


def _are_counts(numbers: Any) -> bool:
    return isinstance(numbers, list) and all(type(n) is int and n >= 0 for n in numbers)


DEEPEST = 100
"""Tables and lists in one another: configurations have about ten."""


def strict_json(text: bytes | str, what: str) -> Any:
    """JSON in which no key stands twice and nothing is nested without end.

    >>> strict_json('{"a": 1, "a": 2}', "the header")
    Traceback (most recent call last):
    ...
    neuroflow.errors.StateError: the header has the key 'a' twice

    Raises :class:`StateError` that begins with ``what`` was read.
    """

    def table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for key, value in pairs:
            if key in made:
                raise _wrong(f"{what} has the key {key[:60]!r} twice")
            made[key] = value
        return made

    try:
        found = json.loads(text, object_pairs_hook=table)
    except RecursionError as error:
        raise _wrong(f"{what} is nested too deeply") from error
    except StateError:
        raise
    except ValueError as error:  # no JSON, no UTF-8, or a number of 5,000 digits
        raise _wrong(f"{what} is not JSON: {error}") from error
    if _is_deeper(found, DEEPEST):
        raise _wrong(f"{what} is nested more than {DEEPEST} deep")
    return found


def _is_deeper(tree: Any, most: int) -> bool:
    """Level by level, so that depth costs no recursion."""
    level = [tree]
    for _ in range(most):
        nested = [x.values() if isinstance(x, dict) else x for x in level if _has_more(x)]
        level = [x for each in nested for x in each]
    return any(map(_has_more, level))


def _has_more(x: Any) -> bool:
    return isinstance(x, (dict, list))


def _wrong(what: str, expected: str = "") -> StateError:
    return StateError(what, expected=expected)
