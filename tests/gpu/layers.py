"""Whole layers on a GPU: what ``nf.to_torch`` makes, beside the same model written by hand."""

from __future__ import annotations

import copy
from functools import cache
from typing import Any

import by_hand
import torch
from models import LARGE, SMALL, TINY, VOCABULARY, examples, gpt, gpt_loss
from session import Session

BATCH = 32
PRECISIONS = {"float32": False, "bfloat16": True}
WAYS = {"to_torch": "nf.to_torch", "by hand": "by hand"}


def figures(session: Session, how: str) -> None:
    """Milliseconds per step of the large model, in both ways and both precisions."""
    for precision in PRECISIONS:
        for way in WAYS.values():
            session.section(
                f"large, {way}, {how}, {precision}",
                lambda way=way, precision=precision: step_time(session, way, how, precision),
            )


def step_time(session: Session, way: str, how: str, precision: str) -> dict[str, Any]:
    """One figure. With bfloat16 it is autocast that chooses what is rounded."""
    made = stacked(session.device) if way == WAYS["to_torch"] else hand(session.device)
    step = by_hand.step_of(
        made, LARGE["block_size"], BATCH, how, session.device, PRECISIONS[precision]
    )
    ms = round(by_hand.milliseconds(step, session.device, 10), 4)
    return {"model": "large", "batch": BATCH, "way": way, "how": how, "precision": precision,
            "ms": ms}  # fmt: skip


@cache
def hand(device: str) -> Any:
    """The large model as it is written by hand."""
    return by_hand.GPT(**LARGE).to(device)


@cache
def stacked(device: str) -> Any:
    """The large model as ``nf.to_torch`` makes it, from scalars of its first block.

    The other blocks are copies of that one: time does not ask for the numbers, and to make
    25 million scalars for them would take minutes.
    """
    import neuroflow as nf

    module = nf.to_torch(gpt({**LARGE, "n_layer": 1}), dtype=torch.float32, device=device)
    blocks = module.transformer.h
    first = blocks.get_submodule("0")
    parts = [part for part in first.modules() if hasattr(part, "layer")]
    kept = {id(x): x for part in parts for x in (part.layer, part.form)}
    for k in range(1, LARGE["n_layer"]):
        blocks.add_module(str(k), copy.deepcopy(first, dict(kept)))
    return module


def check_scalars(device: str) -> dict[str, Any]:
    """Logits and all gradients of a module in float64 against plain Values."""
    import neuroflow as nf

    model = gpt(TINY)
    module = nf.to_torch(model, device=device)
    tokens, targets = examples(TINY, 1)[0]
    with nf.no_grad():
        logits = [[x.data for x in row] for row in model(tokens)]
    gradient = [
        float(g) for g in nf.gradients(gpt_loss(model, tokens, targets), model.parameters())
    ]
    found = module(torch.tensor(tokens, device=device))
    torch.nn.functional.cross_entropy(found, torch.tensor(targets, device=device)).backward()
    for tensor in module.parameters():  # the same numbers through the same names
        tensor.data, tensor.grad = tensor.grad, None
    nf.from_torch(module, model)
    apart = torch.tensor(logits, dtype=torch.float64, device=device) - found.detach()
    slopes = [p.data - g for p, g in zip(model.parameters(), gradient, strict=True)]
    differences = {"logits": float(apart.abs().max()), "gradients": max(map(abs, slopes))}
    return {"right": max(differences.values()) < 1e-9, **differences}


def check_hand(device: str) -> dict[str, Any]:
    """The model by hand with the weights of the module computes the same, so times compare."""
    import neuroflow as nf

    module = nf.to_torch(gpt(SMALL), device=device)
    other = by_hand.GPT(**SMALL).to(device, torch.float64)
    with torch.no_grad():
        for mine, theirs in zip(module.parameters(), other.parameters(), strict=True):
            theirs.copy_(mine)
        tokens = torch.randint(VOCABULARY, (8, SMALL["block_size"]), device=device)
        difference = float((module(tokens) - other(tokens)).abs().max())
    return {"right": difference < 1e-9, "logits": difference}


def check_training(device: str) -> dict[str, Any]:
    """The first losses of a recipe in tensors against array code."""
    import neuroflow as nf

    losses = {}
    for backend, more in (("numpy", {}), ("torch", {"tensors": True, "device": device})):
        options = {"backend": backend, "steps": 3, "dtype": "float64", "compare": False, **more}
        changes = {f"train.{name}": value for name, value in options.items()}
        losses[backend] = [step.loss for step in nf.train("microgpt", changes)]
    pairs = zip(*losses.values(), strict=True)
    difference = max(abs(a - b) for a, b in pairs)
    return {"right": difference < 1e-9, "difference": difference, "losses": losses["torch"]}
