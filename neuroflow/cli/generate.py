"""``neuroflow generate MODEL``: a trained language model writes."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from neuroflow.cli.shared.output import BACKENDS, json_option, note, print_json, say, table
from neuroflow.cli.shared.streams import console
from neuroflow.cli.shared.texts import no_writer
from neuroflow.errors import InputError, NeuroflowError, StateError

if TYPE_CHECKING:
    from neuroflow.checkpoint import SavedModel
    from neuroflow.generation.writing import Written

MOST_SHOWN = 5
"""So many tokens of a distribution fit into a line; --json has them all."""


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option("--prompt", default="", help="What each text begins with.")
@click.option("--temperature", default=0.8, show_default=True, help="0 is greedy.")
@click.option("--top-k", default=0, help="Choose among the k likeliest tokens.")
@click.option("--top-p", default=1.0, help="Choose among the likeliest that reach p together.")
@click.option("--count", default=10, show_default=True, help="How many texts.")
@click.option(
    "--most-tokens",
    default=0,
    help="End a text after so many tokens, 0 where the model sees no further.",
)
@click.option("--seed", type=int, help="Without it, go on with the generator of the run.")
@click.option("--backend", default="auto", help=f"{BACKENDS}.")
@click.option("--dtype", default="float64", help="float64, or float32 for compiled runs.")
@click.option("--show-probabilities", is_flag=True, help="The distribution of each choice.")
@click.option(
    "--attention", type=click.Path(path_type=Path), metavar="FILE.svg",
    help="Draw where the model looked while it read the first text.",
)  # fmt: skip
@json_option
def generate(
    model: Path, prompt: str, temperature: float, top_k: int, top_p: float, count: int,
    most_tokens: int, seed: int | None, backend: str, dtype: str, show_probabilities: bool,
    attention: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Let MODEL, a run folder or a .safetensors file, write texts.

    A text ends by itself, after --most-tokens, or without that where the model sees no further:
    beyond that it forgets the beginning. A model that learned questions and answers takes a
    question as its prompt. Texts that the model was trained on are marked with *.

    \b
    Examples:
      neuroflow generate runs/names
      neuroflow generate runs/names --prompt mar --temperature 0.5 --count 20
      neuroflow generate runs/addition --prompt 27+38= --temperature 0 --count 1
      neuroflow generate runs/program --prompt "def " --most-tokens 500 --count 1
      neuroflow generate runs/names --count 1000 --backend llvm --dtype float32
    """  # fmt: skip
    from neuroflow.generation.writing import generate as write

    network, saved, tokenizer = _loaded(model)
    if count < 1:
        raise InputError(f"count is {count}", expected="at least 1", got=count)
    texts = write(
        network, tokenizer, _generator(saved, seed), prompt=prompt, count=count,
        most_tokens=most_tokens, show=show_probabilities or as_json, temperature=temperature,
        top_k=top_k, top_p=top_p, backend=backend, dtype=dtype,
    )  # fmt: skip
    whole = network.trained_on.prompting.begins  # else the data are parts of one text
    known = known_texts(saved.configuration) if whole else None
    picture = _draw_attention(network, tokenizer, texts[0], attention) if attention else None
    if as_json:
        facts = [_described(text, tokenizer, known, show_probabilities) for text in texts]
        ran = {"backend": texts[0].backend, "dtype": texts[0].dtype}
        drawn = {"attention": str(picture)} if picture else {}
        print_json({"model": str(model), **ran, "texts": facts, **drawn})
        return
    _print(texts, tokenizer, known, show_probabilities)


def _loaded(path: Path) -> tuple[Any, SavedModel, Any]:
    """The model of a file, what the file says, and its tokenizer."""
    from neuroflow.checkpoint import load_with_facts
    from neuroflow.generation.writer import can_write

    network, saved = load_with_facts(path)
    if "tokenizer" not in saved.data or saved.data["task"] != "sequence" or not can_write(network):
        raise no_writer(path, saved)
    return network, saved, network.trained_on.tokenizer


def _print(
    texts: Sequence[Written], tokenizer: Any, known: set[str] | None, with_probabilities: bool
) -> None:
    between = "\n\n" if any("\n" in text.text for text in texts) else "\n"
    say(between.join(marked(text.text, known) for text in texts))
    if known is not None and any(text.text in known for text in texts):
        note("* was in the training data", style="dim")
    if with_probabilities:
        for text in texts:
            console().print(_choices(text, tokenizer))


def marked(text: str, known: set[str] | None) -> str:
    """A text as it is shown: one from the training data with a star."""
    return f"{text} *" if known is not None and text in known else text


def known_texts(configuration: Mapping[str, Any]) -> set[str] | None:
    """Every text of the data that a run learned from; None where the data is not there."""
    from neuroflow.config import configure
    from neuroflow.core.random import SplitMix32
    from neuroflow.generation.writing import texts_of
    from neuroflow.training import load_data

    if "data" not in configuration:
        return None
    try:
        table = configure(configuration)["data"]
        parts = load_data({**table, "test": 0, "validation": 0}, SplitMix32(0))
    except NeuroflowError as error:
        note(f"cannot tell new texts from known ones: {error}", style="dim")
        return None
    return set(texts_of(parts.train))


def _generator(saved: SavedModel, seed: int | None) -> random.Random:
    """A fresh generator of the run's kind; without a seed, the run's own where it stopped."""
    from neuroflow.training import GENERATORS, go_on_from

    generator = saved.configuration.get("train", {}).get("generator", "splitmix32")
    if generator not in GENERATORS:
        raise StateError(
            f"the model was trained with the random generator {generator!r}",
            expected=f"one of {', '.join(GENERATORS)}",
        )
    rng = GENERATORS[generator](seed or 0)
    stopped = saved.state.get("training", {}).get("random")
    if seed is None and stopped is not None:
        go_on_from(stopped, rng)
    return rng


def _described(
    text: Written, tokenizer: Any, known: set[str] | None, with_probabilities: bool
) -> dict[str, Any]:
    """A text as JSON has it."""
    facts: dict[str, Any] = {
        "text": text.text,
        "known": None if known is None else text.text in known,
        "ended": text.ended,
        "tokens": [
            {"id": k, "piece": tokenizer.piece(k), "probability": p[k]}
            for k, p in zip(text.tokens, text.probabilities, strict=True)
        ],
    }
    if with_probabilities:
        facts["pieces"] = [tokenizer.piece(k) for k in range(tokenizer.vocab_size)]
        facts["probabilities"] = text.probabilities
    return facts


def _choices(text: Written, tokenizer: Any) -> Any:
    """One line per token: what was chosen, and what was likely."""
    rows = []
    for k, probabilities in zip(text.tokens, text.probabilities, strict=True):
        ranked = sorted(range(len(probabilities)), key=probabilities.__getitem__, reverse=True)
        likely = [f"{tokenizer.piece(j)} {probabilities[j]:.1%}" for j in ranked[:MOST_SHOWN]]
        rows.append((tokenizer.piece(k), f"{probabilities[k]:.1%}", "  ".join(likely)))
    return table(("token", "probability", "likeliest"), rows, title=text.text, right="probability")


def _draw_attention(network: Any, tokenizer: Any, text: Written, path: Path) -> Path:
    from neuroflow.files import write_file
    from neuroflow.generation.attention import trace_attention
    from neuroflow.view.drawing import draw

    tokens = [tokenizer.bos, *tokenizer.encode(text.text)]
    tokens = tokens[: network.configuration()["block_size"]]
    trace = trace_attention(network, tokens, [tokenizer.piece(k) for k in tokens])
    write_file(path, draw(trace).svg)
    return path
