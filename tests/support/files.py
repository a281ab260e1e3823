"""Saved models taken apart and put together again with right checksums, whatever they say."""

from __future__ import annotations

import hashlib
import json
import struct
from pathlib import Path

from attrs import define

from neuroflow.checkpoint.arrays import digest_of
from neuroflow.checkpoint.container import Stored, packed, unpacked


@define
class Opened:
    """A saved model in its parts: change them and :meth:`write` it again."""

    about: dict
    tensors: dict

    @classmethod
    def at(cls, path):
        """Those of a file."""
        metadata, tensors = unpacked(Path(path).read_bytes())
        about = json.loads(metadata["neuroflow"].partition(" ")[2])
        tensors = {name: Stored(t.shape, bytes(t.content), t.dtype) for name, t in tensors.items()}
        return cls(about, tensors)

    def write(self, path, text=None):
        """The file of these parts, or of a description in other words, behind right checksums."""
        digest = digest_of({name: (t.shape, t.content) for name, t in self.tensors.items()})
        about = {**self.about, "sha256": digest} if isinstance(self.about, dict) else self.about
        text = json.dumps(about) if text is None else text
        seal = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        Path(path).write_bytes(packed({"neuroflow": f"{seal} {text}"}, self.tensors))


def with_header(content, change):
    """The bytes of a file whose header, a dict or a text, was changed by a function."""
    length = int.from_bytes(content[:8], "little")
    header = change(json.loads(content[8 : 8 + length]))
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + content[8 + length :]
