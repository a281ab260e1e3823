"""Looks with one mistake each."""

from __future__ import annotations

import neuroflow as nf
from neuroflow_plugins.zoo.twin import twin


@twin("the table without letters", "words", "What stands on a box is a text; a pair of numbers is"
      " not.")  # fmt: skip
def caption_1(layer):
    """How many numbers stand for each of how many tokens."""
    return layer.vocab_size, layer.size  # bug


@twin("the whole table on its box", "words", "All numbers of a layer are more than a person can"
      " read on a box.")  # fmt: skip
def caption_2(layer):
    """All numbers of the table."""
    return repr(layer.state_dict())  # bug


@twin("the look that wakes the layer", "layer", "train() switches to training mode what was only"
      " looked at.")  # fmt: skip
def caption_3(layer):
    """How many numbers stand for each of how many tokens."""
    layer.train()  # bug
    return f"{layer.vocab_size} x {layer.size}"


@twin("the one that looks for heads", "words", "An embedding has no heads: a look tells what its"
      " own layer has.")  # fmt: skip
def caption_4(layer):
    """How many heads there are."""
    return f"{layer.n_head} heads"  # bug


@twin("the one that knows one size", "words", "The number on the box is that of the layer that"
      " was at hand when it was written.")  # fmt: skip
def caption_5(layer):
    """How many numbers stand for a token."""
    return "4 numbers"  # bug


@twin("the one that remembers the first", "words", "What is kept between calls is that of another"
      " layer.")  # fmt: skip
def caption_6(layer, seen=[]):  # noqa: B006  that is the fault
    """How many numbers stand for a token."""
    seen.append(layer.size)
    return f"{seen[0]} numbers"  # bug


@twin("the caption in red", "words", "Escapes of a terminal are no letters: on a page they are"
      " boxes, in a log they colour what follows.")  # fmt: skip
def caption_7(layer):
    """How many numbers stand for a token."""
    return f"\x1b[31m{layer.size} numbers"  # bug


LOOKS = [
    nf.LookEntry(
        name=target.__name__, target=target, layer="embedding", label="table", shape="slanted",
        role="embedding", summary=(target.__doc__ or "").split("\n", 1)[0],
    )
    for target in (caption_1, caption_2, caption_3, caption_4, caption_5, caption_6, caption_7)
]  # fmt: skip
