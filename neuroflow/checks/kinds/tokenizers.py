"""Checks of tokenizers: the whole protocol, ids in the vocabulary, texts that come back."""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Callable, Sequence
from typing import Any

from neuroflow.checks.ops.table import guarded
from neuroflow.checks.shared.messages import listed
from neuroflow.checks.shared.report import Results
from neuroflow.checks.shared.variations import Settings, described, variations
from neuroflow.config import settings_of
from neuroflow.core.settings import Setting
from neuroflow.errors import InputError, raised, short_repr
from neuroflow.registry.entries import TokenizerEntry

LEARNED = ("emma", "quiz", "olivia ann", "", "a", "Grüße, 東京!", "tab\tand\nline")
"""The texts that a tokenizer learns from."""

OTHERS = (
    "zebra", "a  b", " a ", "A", "\r\n", "e\N{COMBINING ACUTE ACCENT}", "👩\N{ZERO WIDTH JOINER}💻",
    "\0", "مرحبا", "\N{NO-BREAK SPACE}", "0123456789", "aaaaaaaaaaaaaaaa", "\ud800", "<BOS>",
    "olivia ann quiz " * 300,
)  # fmt: skip
"""Texts with what it may never have seen; it refuses them, or gives them back."""

PROTOCOL = ("pieces", "bos", "vocab_size", "learn", "encode", "decode", "configuration")
"""What a dataset, a file and a model ask of a tokenizer."""


def check_tokenizer(entry: TokenizerEntry, results: Results) -> None:
    """All checks of a tokenizer, with its default settings and with others."""
    target = entry.load()
    settings = settings_of(entry) if inspect.isclass(target) else ()
    tries = variations(entry, [s for s in settings if s.name != "pieces"])
    missing = [s.name for s in settings if s.required and s.name not in tries[0]]
    if missing:
        results.skipped("tokenizer", f"its settings {', '.join(missing)} have no default to try")
        return
    _check_settings_count(target, settings, tries, results)
    for each in tries:
        told = len(results.report.findings)
        with guarded(results, "tokenizer"):
            _check(target(**each) if inspect.isclass(target) else target, entry, each, results)
        if len(results.report.findings) > told:  # other settings would say the same again
            return


def _check(tokenizer: Any, entry: TokenizerEntry, settings: Any, results: Results) -> None:
    missing = [name for name in PROTOCOL if not hasattr(tokenizer, name)]
    results.expect("interface", not missing, (
        f"it lacks {', '.join(missing)}; a tokenizer has {', '.join(PROTOCOL)}"
    ))  # fmt: skip
    if missing:
        return
    before = _facts(tokenizer)
    learned = tokenizer.learn(list(LEARNED))
    results.expect("learn", _facts(tokenizer) == before, (
        f"learn has changed the tokenizer that it was asked of{described(settings)}: build a new"
        " one, and leave this as it is"
    ))  # fmt: skip
    missing = [name for name in PROTOCOL if not hasattr(learned, name)]
    results.expect("interface", not missing, (
        f"learn gives {learned!r} of type {type(learned).__name__}; expected a tokenizer that knows"
        " the texts: return self, or a new one"
    ))  # fmt: skip
    if missing:
        return
    _check_settings_kept(tokenizer, learned, results)
    told = len(results.report.findings)
    for name, check in _CHECKS.items():
        if name in ("round trip", "pieces") and len(results.report.findings) > told:
            continue  # what has no right ids does not come back
        with guarded(results, name):
            check(learned, entry, described(settings), results)
    if len(results.report.findings) == told:
        _check_apart(tokenizer, results)


def _check_apart(tokenizer: Any, results: Results) -> None:
    """What another one learns changes nothing in what has learned before."""
    learned = tokenizer.learn(list(LEARNED))
    alone = _coded(learned, LEARNED + OTHERS)
    tokenizer.learn(list(OTHERS[:4]))
    results.expect("learn", _coded(learned, LEARNED + OTHERS) == alone, (
        "what has learned some texts encodes otherwise after another one has learned others: keep"
        " what is learned in the tokenizer, not in the class or the module"
    ))  # fmt: skip


def _check_settings_count(
    target: Any, settings: Sequence[Setting], tries: Sequence[Settings], results: Results
) -> None:
    """What is switched on changes a piece, an id or a text; a limit may be out of reach."""
    for setting in settings:
        found = []
        others = [each for each in tries if {*each} - {*tries[0]} == {setting.name}]
        for each in others if isinstance(setting.default, bool) else []:  # not limits
            with contextlib.suppress(Exception):  # which the other checks will meet, and tell
                found.append([_answers(target(**own)) for own in (tries[0], each)])
        results.expect("settings", not found or any(one != two for one, two in found), (
            f"the setting {setting.name!r} changes nothing, no id and no piece: use it, or take it"
            " out of the signature"
        ))  # fmt: skip


def _answers(tokenizer: Any) -> Any:
    learned = tokenizer.learn(list(LEARNED))
    coded = _coded(learned, LEARNED + OTHERS)
    return [*learned.pieces], coded, [learned.decode(list(ids)) for _, ids in coded]


def _facts(tokenizer: Any) -> tuple[Any, ...]:
    """What it knows: its pieces, its ids and its settings."""
    pieces = tuple(tokenizer.pieces)
    return pieces, tokenizer.bos, tokenizer.vocab_size, repr(tokenizer.configuration())


def _check_settings_kept(tokenizer: Any, learned: Any, results: Results) -> None:
    """What has learned has the settings of what it came from."""
    before, after = tokenizer.configuration(), learned.configuration()
    for name in {*before} & {*after} - {"pieces"}:
        if isinstance(before[name], (bool, str, int, float)):
            results.expect("learn", after[name] == before[name], (
                f"learn forgets the setting {name!r}: it was {before[name]!r}, and is"
                f" {after[name]!r} in what has learned; pass it on"
            ))  # fmt: skip


Coded = list[tuple[str, list[int]]]


def _coded(tokenizer: Any, texts: Sequence[str]) -> Coded:
    """Texts and their ids, without those that are refused."""
    found = []
    for text in texts:
        try:
            found.append((text, tokenizer.encode(text)))
        except (InputError, UnicodeError):  # which half of a surrogate pair may raise
            continue
    return found


def _check_ids(tokenizer: Any, entry: TokenizerEntry, where: str, results: Results) -> None:
    """Whole numbers from 0 to bos - 1; learned texts are known."""
    whole = all(isinstance(x, int) for x in (tokenizer.bos, tokenizer.vocab_size))
    results.expect("ids", whole and 0 <= tokenizer.bos < tokenizer.vocab_size, (
        f"bos is {tokenizer.bos!r} and vocab_size {tokenizer.vocab_size!r}{where}: bos is one of"
        " the ids 0 to vocab_size - 1"
    ))  # fmt: skip
    for text, ids in _coded(tokenizer, LEARNED + OTHERS):
        wrong = [k for k in ids if not isinstance(k, int) or not 0 <= k < tokenizer.vocab_size]
        marks = tokenizer.bos in ids
        results.expect("ids", not wrong and not marks, (
            f"{short_repr(text)} has the id {wrong[:1] or [tokenizer.bos]}{where}, and bos is"
            f" {tokenizer.bos} of {tokenizer.vocab_size}: ids are whole numbers below"
            " vocab_size, and no text has bos"
        ))  # fmt: skip
        if wrong or marks:
            return


def _check_refusals(tokenizer: Any, entry: TokenizerEntry, where: str, results: Results) -> None:
    """What it does not know it refuses by an InputError; what it learned from it knows."""
    for text in LEARNED + OTHERS:
        problem = ""
        try:
            tokenizer.encode(text)
        except InputError:
            continue
        except Exception as error:
            if not _spelled(text):
                continue
            problem = raised(error)
        results.expect("refusals", not problem, (
            f"for {short_repr(text)} encode raises {problem}{where}; raise"
            " neuroflow.InputError for what it does not know"
        ))  # fmt: skip
        if problem:
            return
    if not _coded(tokenizer, LEARNED):
        results.failed("refusals", f"it refuses every text that it learned from{where}")


def _check_round_trip(tokenizer: Any, entry: TokenizerEntry, where: str, results: Results) -> None:
    """Texts come back; of what ``loses`` says, a text that came back once comes back again."""
    replaces = getattr(tokenizer, "unknown", "refuse") == "replace"
    for text, ids in _coded(tokenizer, LEARNED + OTHERS):
        back = tokenizer.decode(list(ids))
        marked = replaces and "\N{REPLACEMENT CHARACTER}" in back
        if entry.loses or marked or not _spelled(text):
            again = tokenizer.decode(list(tokenizer.encode(back))) if entry.loses else back
            results.expect("round trip", isinstance(back, str) and again == back, (
                f"{short_repr(text)} comes back as {short_repr(back)}{where}, and that as"
                f" {short_repr(again)}: what it loses, it loses at once"
            ))  # fmt: skip
        else:
            results.expect("round trip", back == text, (
                f"{short_repr(text)} comes back as {short_repr(back)}{where}; refuse what you"
                ' cannot spell, or say in the entry what is lost: loses="capital letters"'
            ))  # fmt: skip
            if back != text:
                return


def _spelled(text: str) -> bool:
    """Whether UTF-8 can spell a text: not half of a surrogate pair."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)


def _check_unchanged(tokenizer: Any, entry: TokenizerEntry, where: str, results: Results) -> None:
    """Encoding changes nothing."""
    before = _facts(tokenizer)
    with contextlib.suppress(Exception):  # which is told by the check of refusals
        _coded(tokenizer, LEARNED + OTHERS)
    results.expect("determinism", _facts(tokenizer) == before, (
        f"encode has changed the tokenizer{where}: a saved model does not know what was learned"
        " after learn; refuse what is new"
    ))  # fmt: skip


def _check_protocol(tokenizer: Any, entry: TokenizerEntry, where: str, results: Results) -> None:
    """The mark has no text, and pieces are the texts of the ids."""
    pieces, bos = tuple(tokenizer.pieces), tokenizer.bos
    results.expect("ids", tokenizer.vocab_size == bos + 1 and bos >= len(pieces), (
        f"there are {len(pieces)} pieces{where}, bos is {bos} and vocab_size"
        f" {tokenizer.vocab_size}: bos comes after the pieces, and is the last id"
    ))  # fmt: skip
    for text, ids in _coded(tokenizer, LEARNED):
        marked = _text_of(tokenizer, [bos, *ids, bos])
        right = marked in (None, _text_of(tokenizer, list(ids)))
        results.expect("round trip", right, (
            f"decode of {short_repr(text)} between two marks gives {marked!r}{where}: leave out"
            f" bos, {bos}"
        ))  # fmt: skip
        wrong = [k for k in ids if _is_of_another(_text_of(tokenizer, [k]), pieces, k)]
        known = not ids or len(wrong) < len(ids)
        results.expect("pieces", known, (
            f"the id {wrong[:1]} is decoded as another piece than that of pieces{where}: pieces are"
            " the texts of the ids 0, 1, 2 ..."
        ))  # fmt: skip
        if not (right and known):
            return


def _text_of(tokenizer: Any, ids: list[int]) -> str | None:
    """The text; None where these ids alone are no text, as half a letter is none."""
    try:
        return tokenizer.decode(ids)  # type: ignore[no-any-return]
    except Exception:
        return None


def _is_of_another(text: str | None, pieces: Sequence[str], k: int) -> bool:
    return text in pieces and (k >= len(pieces) or pieces[k] != text)


def _check_repeated(tokenizer: Any, entry: TokenizerEntry, where: str, results: Results) -> None:
    """The same ids for the same text, from this one and from one built of its configuration."""
    texts = LEARNED + OTHERS[:4]
    first, second = _coded(tokenizer, texts), _coded(tokenizer, texts)
    results.expect("determinism", first == second, f"the same texts gave other ids later{where}")
    again = _coded(tokenizer.learn(list(LEARNED)), texts)
    results.expect("determinism", first == again, (
        f"learning the same texts again gives other ids{where}: number pieces in an order of their"
        " own, sorted(pieces), not that of a set"
    ))  # fmt: skip
    rebuilt = type(tokenizer)(**tokenizer.configuration())
    other = _coded(rebuilt, texts)
    different = next(
        (a for a, b in zip(first, other, strict=False) if a != b), (first or [("", [])])[0]
    )
    results.expect("configuration", first == other and rebuilt.bos == tokenizer.bos, (
        f"built again from configuration(){where} it has other ids: {different[0]!r} was"
        f" {listed(different[1][:3])}; configuration() is all that a saved model keeps of it"
    ))  # fmt: skip


_CHECKS: dict[str, Callable[..., None]] = {
    "unchanged": _check_unchanged, "refusals": _check_refusals, "ids": _check_ids,
    "round trip": _check_round_trip, "pieces": _check_protocol, "determinism": _check_repeated,
}  # fmt: skip
