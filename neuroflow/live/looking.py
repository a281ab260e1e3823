"""What a page can be told without changing its run: receipts, and files to take away."""

from __future__ import annotations

import base64
from typing import Any

from neuroflow.checkpoint.saving import saved_bytes
from neuroflow.config import configure, to_toml
from neuroflow.errors import DomainError, InputError, NeuroflowError
from neuroflow.live import messages, receipts
from neuroflow.live.frames import Frame
from neuroflow.live.language import of_attention
from neuroflow.live.pictures import plain
from neuroflow.live.telling import DEEPEST
from neuroflow.training import Training
from neuroflow.view.drawing import draw


def explained(
    training: Training, what: Any, name: Any, row: Any, text: str, opened: Any = None
) -> Frame:
    """The receipt of a parameter, a neuron, a point, or of an attention weight in a text."""
    ways = messages.ways(opened or [], DEEPEST)
    if what == "parameter":
        found = receipts.of_parameter(training, name, row, ways)
    elif what == "neuron":
        found = receipts.of_neuron(training, name, row, ways)
    elif what == "point":
        found = receipts.of_point(training, row)
    elif what == "attention":
        found = of_attention(training, text, name, ways)
    else:
        raise InputError(
            f"cannot explain {str(what)[:40]!r}",
            expected="parameter, neuron, point or attention",
            got=what,
        )
    frame: Frame = plain({"type": "receipt", "what": what, "step": training.step, **found})
    return frame


def exported(training: Training, page: str, what: Any, row: Any = 0) -> Frame:
    """The configuration as TOML, the model as a file that :func:`neuroflow.load` reads, or the
    graph of the loss of one example as a page that opens down to single scalars."""
    if what == "toml":
        return {"type": "file", "name": f"{page}.toml", "text": toml_of(training, page)}
    if what == "model":
        content = saved_bytes(training.model, training.configuration)
        coded = base64.b64encode(content).decode()
        return {"type": "file", "name": f"{page}.safetensors", "base64": coded}
    if what == "graph":
        loss = receipts.loss_of(training, [receipts.row_number(training, row)])
        title = f"The loss of example {row} after {training.step} steps"
        return {
            "type": "file",
            "name": f"{page}-graph.html",
            "text": draw(loss, model=training.model, title=title).html,
        }
    raise InputError(f"cannot export {str(what)[:40]!r}", expected="toml, model or graph", got=what)


def toml_of(training: Training, page: str) -> str:
    """What ``neuroflow train`` needs to train the same network."""
    tree = configure(training.configuration)
    for key in ("report_every", "backend"):  # how a page runs it, not what is learned
        tree["train"].pop(key, None)
    return f"# Set up on the live page {page!r}.\n{to_toml(tree)}"


def too_far(error: NeuroflowError, training: Training) -> NeuroflowError:
    """What a page says where a step has no finite numbers: what to choose, not where to look."""
    if not isinstance(error, DomainError):
        return error
    rate = training.rate_at(min(training.step, training.steps - 1))
    return DomainError(
        f"step {training.step + 1} has no finite numbers: the loss is {training.loss:.3g} by now,"
        f" with the learning rate {rate:.3g}",
        remedy="go back in time or reset, and choose a smaller learning rate, such as a tenth",
    )
