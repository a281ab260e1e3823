"""Prompting: how what a model is asked becomes tokens, in training and ever after alike."""

from __future__ import annotations

from typing import Any

from attrs import frozen

from neuroflow.errors import InputError


@frozen
class Prompting:
    """What stands before, behind and instead of the tokens of a prompt.

    With ``begins`` the mark BOS stands first, as a text begins there; without, the prompt may be
    any part of a text. ``between`` is the text between a question and its answer, if that is what
    was learned. ``source_length`` fills a question up with BOS to so many tokens, for a model that
    reads a source of this length, and ``most`` cuts a text after so many tokens; 0 does neither.

    >>> from neuroflow import resolve
    >>> letters = resolve("tokenizer", {"use": "characters", "pieces": ["=", "a", "b"]})()
    >>> Prompting(between="=").tokens(letters, "ab"), Prompting(begins=False).tokens(letters, "ab")
    ([3, 1, 2, 0], [1, 2])
    """

    begins: bool = True
    between: str = ""
    source_length: int = 0
    most: int = 0

    def tokens(self, tokenizer: Any, prompt: str) -> list[int]:
        """The tokens of a prompt; a question need not end with what stands behind questions.

        Raises :class:`InputError` for what the tokenizer does not know, and for a question that is
        longer than the source of the model.
        """
        if self.source_length and not prompt:
            what = "the model answers questions, and there is none"
            raise InputError(what, remedy="give one as the prompt", got=prompt)
        start = [tokenizer.bos] if self.begins else []
        if not self.between or not prompt:
            tokens = [*start, *tokenizer.encode(prompt)] or _any_line(tokenizer)
            return tokens[: self.most or None]
        source = [*start, *tokenizer.encode(self.question(prompt))]
        return [*self._filled(source, tokenizer.bos), *tokenizer.encode(self.between)]

    def question(self, prompt: str) -> str:
        """A prompt without what stands between question and answer."""
        return prompt.removesuffix(self.between)

    def text(self, prompt: str) -> str:
        """What a prompt says once the model goes on with it."""
        return self.question(prompt) + self.between if prompt and self.between else prompt

    def _filled(self, source: list[int], mark: int) -> list[int]:
        if self.source_length and len(source) > self.source_length:
            raise InputError(
                f"the question has {len(source)} tokens with the mark of its beginning",
                expected=f"at most {self.source_length}, the source_length of the model",
                remedy="shorten it, or train with a larger source_length",
                got=len(source),
            )
        return source + [mark] * (self.source_length - len(source))


def end_of_text(tokenizer: Any) -> int:
    """The id of the mark behind a text: ``eos``, or ``bos`` where one mark stands around texts.

    >>> from types import SimpleNamespace
    >>> end_of_text(SimpleNamespace(bos=7)), end_of_text(SimpleNamespace(bos=7, eos=8))
    (7, 8)
    """
    return getattr(tokenizer, "eos", tokenizer.bos)  # type: ignore[no-any-return]


def _any_line(tokenizer: Any) -> list[int]:
    """What stands before any line of a text; BOS where the tokenizer knows no ends of lines."""
    try:
        return list(tokenizer.encode("\n"))
    except InputError:
        return [tokenizer.bos]
