"""A run at its end: the summary, the picture or a sketch of it, samples, and how to go on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neuroflow.cli.shared.output import note, print_json, say, table
from neuroflow.cli.shared.streams import console
from neuroflow.files import in_shell

if TYPE_CHECKING:
    from neuroflow.data.dataset import Dataset
    from neuroflow.training import Run

PICTURE = "picture.png"
SAMPLES, MOST_SAMPLE_TOKENS = 10, 32
_AFTER_SCORES = (
    "best", "baselines", "steps", "epochs", "parameters", "examples", "validation_examples",
    "test_examples", "backend", "workers", "note",
    "seconds", "folder", "picture",
)  # fmt: skip
_SHARES = ("accuracy", "validation_accuracy", "test_accuracy")


def finish(run: Run, as_json: bool, profile: Any = None, anomaly: bool = False) -> None:
    """The summary: a table or one JSON object, and the picture or a sketch of it."""
    from neuroflow.view.plots import save_picture

    picture = save_picture(run, run.folder / PICTURE)
    summary = {**run.summary(), "picture": str(picture) if picture else None}
    if profile is not None:
        if not as_json:
            console().print(str(profile))
        summary["profile"] = profile.as_dict()
    if anomaly:
        summary["anomalies"] = _anomalies(run, quiet=as_json)
    samples = _samples(run)
    if samples:
        summary["samples"] = samples
    if as_json:
        print_json(summary)
        return
    rows = [(name.replace("_", " "), _shown(name, summary[name])) for name in _order(run)
            if summary.get(name) not in (None, "", 0)]  # fmt: skip
    console().print(table(("", ""), rows))
    if samples:
        for sample in samples:
            say(sample["text"] + " *" * sample["known"])
        if any(sample["known"] for sample in samples):
            note("* was in the training data", style="dim")
    if picture is None:
        from neuroflow.view.terminal import sketch_of_run

        console().print(sketch_of_run(run, min(70, console().width - 10)))
        note("for a picture as PNG: pip install 'neuroflow[plot]'", style="dim")
    if asked := _how_to_ask(run):
        note(f"ask it: neuroflow {asked}", style="dim")


def _order(run: Run) -> list[str]:
    scores = [metric.name for metric in run.training.scored_by]
    parts = ("validation_", "test_")
    held_out = [f"{part}{name}" for part in parts for name in ("loss", *scores)]
    return ["loss", *scores, *held_out, *_AFTER_SCORES]


def _how_to_ask(run: Run) -> str:
    """The command that asks the model of a run; none for texts that no model wrote on."""
    from neuroflow.generation.writer import can_write

    training, folder = run.training, in_shell(run.folder)
    if training.dataset.task != "sequence":
        return f"predict {folder} ..."
    if training.dataset.tokenizer is None:
        return ""
    if not can_write(training.model):
        return f"predict {folder} ..."
    prompt = " --prompt ... --temperature 0 --count 1" if _asks(training.dataset) else ""
    return f"generate {folder}{prompt}"


def _samples(run: Run) -> list[dict[str, Any]]:
    """What a language model writes after its training; a text that it was shown is marked."""
    from neuroflow.core.random import SplitMix32
    from neuroflow.generation.writer import can_write
    from neuroflow.generation.writing import generate, texts_of

    training = run.training
    data = training.dataset
    asked = data.task != "sequence" or _asks(data)
    if data.tokenizer is None or asked or not can_write(training.model):
        return []
    are_whole = data.prompting.begins  # else the data are parts of one text: one sample will do
    known = {text for part in training.parts if are_whole for text in texts_of(part)}
    is_short = training.model.configuration()["block_size"] <= MOST_SAMPLE_TOKENS
    written = generate(
        training.model, training.dataset.tokenizer, SplitMix32(0), temperature=0.8,
        count=SAMPLES if are_whole else 1,
        most_tokens=0 if is_short or not are_whole else MOST_SAMPLE_TOKENS,
    )  # fmt: skip
    return [{"text": one.text, "known": one.text in known} for one in written]


def _asks(data: Dataset) -> bool:
    """Whether the texts are questions with answers: without a question there is no answer."""
    return any(len(a) < len(q) for q, a in zip(data.inputs, data.targets, strict=True))


def _anomalies(run: Run, quiet: bool) -> list[dict[str, Any]]:
    """What is wrong with the run as it stands, listed on standard error too."""
    from neuroflow.inspect.replay import survey

    found = survey(run.training)
    if not quiet:
        note("\n".join(map(str, found)) or "no anomaly", style="yellow" if found else "dim")
    return [anomaly.to_dict() for anomaly in found]


def _best_in_words(
    by: str, value: float | None, step: int, evaluations_since: int, ended_early: bool
) -> str:
    told = f"no evaluation had a finite {by}"
    if value is not None:
        told = f"{by.replace('_', ' ')} {value:.6g} at step {step}"
    if ended_early:
        told += f"; ended early, as none of the {evaluations_since} evaluations since was better"
    return told


def _shown(name: str, value: Any) -> str:
    if name in _SHARES:
        return f"{value:.2%}"
    if name == "best":
        return _best_in_words(**value)
    if name == "baselines":
        return ", ".join(f"{model} {loss:.4g}" for model, loss in value.items())
    if name == "seconds":
        return f"{value:.3g}"
    return f"{value:.6g}" if isinstance(value, float) else str(value)
