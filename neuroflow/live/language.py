"""What a language model knows: where it looks, what it expects next, what it invents."""

from __future__ import annotations

from typing import Any

from attrs import define, field

from neuroflow.core.no_grad import no_grad
from neuroflow.core.random import SplitMix32
from neuroflow.data.prompting import end_of_text
from neuroflow.errors import InputError
from neuroflow.generation.attention import attention_layers, run_watched
from neuroflow.generation.sampling import Sampling
from neuroflow.generation.writer import can_write
from neuroflow.generation.writing import generate
from neuroflow.inspect.explain import explain
from neuroflow.inspect.receipt import Receipt
from neuroflow.live.messages import text as checked_text
from neuroflow.live.messages import whole
from neuroflow.live.pictures import Picture
from neuroflow.live.receipts import TOP, sentences, slope_said
from neuroflow.live.telling import Opened, Telling, gradient_of
from neuroflow.live.words import Wording
from neuroflow.training import Training

EVERY = 20
"""Steps between names that the model invents by itself."""
MOST_NAMES = 24


def tokens_of(training: Training, text: Any) -> list[int]:
    """BOS and the tokens of a text, as many as the model takes at once."""
    tokenizer = training.dataset.tokenizer
    tokens = [tokenizer.bos, *tokenizer.encode(checked_text(text, "the text").strip().lower())]
    most = block_size(training)
    if len(tokens) > most:
        raise InputError(
            f"the text has {len(tokens) - 1} tokens", expected=f"at most {most - 1}", got=text
        )
    return tokens


def block_size(training: Training) -> int:
    """The longest text that the model takes, BOS included."""
    longest = max(len(tokens) for tokens in training.dataset.inputs)
    return int(training.configuration["model"].get("block_size", longest))


@define(eq=False)
class Language(Picture):
    """A text, and what the model makes of it; and names that it invents on the way."""

    text: str = ""
    temperature: float = 0.7
    invented: list[dict[str, Any]] = field(init=False, factory=list)

    def still(self) -> dict[str, Any]:
        tokenizer = self.training.dataset.tokenizer
        size = self.training.dataset.vocab_size
        self.text = self.text or tokenizer.decode(self.training.dataset.inputs[0])
        return {
            "pieces": ["·" if k == tokenizer.bos else tokenizer.piece(k) for k in range(size)],
            "attention": list(attention_layers(self.training.model)),
            "examples": [tokenizer.decode(row) for row in self.training.dataset.inputs[:12]],
            "block_size": block_size(self.training),
            "baselines": self.training.dataset.facts.get("baselines", {}),
        }

    def now(self) -> dict[str, Any]:
        step = self.training.step
        due = not self.invented or abs(step - self.invented[-1]["step"]) >= EVERY
        if due:
            self.invent(2)
        return {**self.look(), "invented": self.invented}

    def look(self) -> dict[str, Any]:
        """Where each head looks in the text, and what it expects next."""
        tokens = tokens_of(self.training, self.text)
        with no_grad():
            answers, weights = run_watched(self.training.model, tokens)
        logits = [float(x.data) for x in answers[-1]]
        return {
            "text": self.text,
            "tokens": tokens,
            "temperature": self.temperature,
            "next": Sampling(self.temperature).distribution(logits),
            "attention": {
                name: [[[row.get(j, None) and row[j].data for j in range(len(tokens))]
                        for row in head] for head in heads]
                for name, heads in weights.items()
            },
        }  # fmt: skip

    def invent(self, count: int) -> None:
        """Let the model write, if it can; its random numbers are no part of the run's."""
        model, step = self.training.model, self.training.step
        if can_write(model):
            rng = SplitMix32((self.training.options["seed"] * 7919 + step) % 2**32)
            texts = generate(
                model, self.training.dataset.tokenizer, rng,
                count=count, temperature=self.temperature, backend="eager",
            )  # fmt: skip
            self.invented += [{"step": step, "name": written.text} for written in texts]
        del self.invented[:-MOST_NAMES]


def of_attention(training: Training, text: str, name: Any, opened: Opened = ()) -> dict[str, Any]:
    """The receipt of one attention weight: how the loss of the text depends on it."""
    words = name.rsplit(":", 3) if isinstance(name, str) else []
    layers = attention_layers(training.model)
    if len(words) != 4 or words[0] not in layers or not all(w.isdecimal() for w in words[1:]):
        raise InputError(
            f"there is no attention weight {str(name)[:80]!r}",
            expected="LAYER:HEAD:QUERY:KEY",
            got=name,
        )
    tokens = tokens_of(training, text)
    telling = Telling(Wording(training), tokens=tokens)
    with telling.calls.noted():
        answers, weights = run_watched(training.model, tokens)
    heads = weights[words[0]]
    head = whole(int(words[1]), "the head", 0, len(heads) - 1)
    query, key = (whole(int(w), "the position", 0, len(tokens) - 1) for w in words[2:])
    if key not in heads[head][query]:
        raise InputError(f"position {query} does not see position {key}, which comes later")
    weight = heads[head][query][key]
    loss = text_loss(training, tokens, answers)
    receipt = explain(weight, loss, model=training.model, top=TOP)
    assert isinstance(receipt, Receipt)
    looks, at = telling.letter(query), telling.letter(key)
    block = telling.words.module(words[0]).replace(", attention", "")
    of = f"the loss of {text!r}"
    return {
        "title": name,
        "words": f"{looks}, head {head + 1}, looks at {at}: {weight.data:.2f} of it",
        "value": weight.data,
        "of": of,
        "where": block,
        "from": training.dataset.tokenizer.piece(tokens[query]),
        "to": training.dataset.tokenizer.piece(tokens[key]),
        "shares": [
            {"words": telling.letter(j), "share": heads[head][query][j].data}
            for j in sorted(heads[head][query])
        ],
        **sentences(
            f"In {block}, {looks}, head {head + 1}, looks at {at}: {weight.data:.2f} of it.",
            slope_said(receipt.gradient, of),
        ),
        **gradient_of(receipt, telling, opened),
    }


def text_loss(training: Training, tokens: list[int], answers: list[Any]) -> Any:
    """The mean loss of what comes next, at each place of a text."""
    from neuroflow.config import resolve
    from neuroflow.core.vectors import mean

    loss = resolve("loss", training.configuration["loss"])
    targets = [*tokens[1:], end_of_text(training.dataset.tokenizer)]
    return mean([loss(answer, target) for answer, target in zip(answers, targets, strict=True)])
