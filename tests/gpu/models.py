"""The models that are checked and timed: a GPT of several sizes, on random texts."""

from __future__ import annotations

from typing import Any

Sizes = dict[str, int]

TINY: Sizes = {"n_layer": 1, "n_embd": 8, "n_head": 2, "block_size": 4}
MICRO: Sizes = {"n_layer": 1, "n_embd": 16, "n_head": 4, "block_size": 16}
SMALL: Sizes = {"n_layer": 4, "n_embd": 64, "n_head": 4, "block_size": 64}
LARGE: Sizes = {"n_layer": 8, "n_embd": 512, "n_head": 8, "block_size": 256}
VOCABULARY = 27


def gpt(sizes: Sizes) -> Any:
    """A GPT of scalars."""
    import neuroflow as nf

    return nf.build("gpt", vocab_size=VOCABULARY, norm_gain=False, rng=nf.SplitMix32(1), **sizes)


def examples(sizes: Sizes, n: int) -> list[tuple[list[int], list[int]]]:
    """Random texts, each with the same one token later."""
    import neuroflow as nf

    rng = nf.SplitMix32(2)
    length = sizes["block_size"] + 1
    texts = [[rng.randrange(VOCABULARY) for _ in range(length)] for _ in range(n)]
    return [(text[:-1], text[1:]) for text in texts]


def gpt_loss(model: Any, tokens: Any, targets: Any) -> Any:
    """The mean cross entropy of a text."""
    import neuroflow as nf

    cross_entropy = nf.get("loss", "cross_entropy").load()
    pairs = zip(model(tokens), targets, strict=True)
    return nf.mean([cross_entropy(logits, target) for logits, target in pairs])


def gpt_runner(
    sizes: Sizes, n: int, backend: str, dtype: str, device: str = "auto", **more: Any
) -> Any:
    """A runner for a GPT of these sizes on n random texts."""
    import neuroflow as nf

    adam = nf.get("optimizer", "adam").load()
    return nf.make_runner(
        gpt(sizes), gpt_loss, examples(sizes, n), adam, backend=backend, dtype=dtype,
        compare=False, device=device, **more,
    )  # fmt: skip
