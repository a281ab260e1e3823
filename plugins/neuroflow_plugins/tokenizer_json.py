"""The tokenizer of a published model, read from its ``tokenizer.json``: byte-level BPE alone.

The format is that of the library ``tokenizers``. Each key is known here with the values that mean
what :class:`~neuroflow_plugins.byte_level.ByteLevelBPE` does; every other one is refused by its
name, as leaving it out would give other ids. Patterns are compared, never run.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any, Literal

import neuroflow as nf
from neuroflow_plugins.byte_level import ByteLevelBPE, byte_letters
from neuroflow_plugins.pretokens import DIGIT, GPT2, PATTERNS

REMEDY = "use a tokenizer.json of byte-level BPE, as GPT-2, Llama 3, SmolLM and Qwen2 have it"
NEVER = {0xC0, 0xC1, *range(0xF5, 0x100)}
"""Bytes that stand in no text of UTF-8; a vocabulary may lack them."""


def read_tokenizer(path: str | Path, *, bos: str = "", eos: str = "") -> ByteLevelBPE:
    """The tokenizer of a ``tokenizer.json``, with the ids of the file.

    The marks ``bos`` and ``eos`` are, if not given, those of the ``tokenizer_config.json`` beside
    it, or else those that the file's template puts around a text. Raises StateError for a file
    that is damaged or asks for something else, and FileError where there is none.
    """
    try:
        return _tokenizer(_json_of(path), Path(path), bos, eos)
    except nf.StateError as error:
        raise nf.StateError(f"{path}: {error.what}", **{**error.rest, "file": str(path)}) from error
    except nf.InputError as error:  # a mark that is not special
        raise nf.StateError(
            f"{path}: {error.what}", expected=error.expected, got=error.got, file=str(path)
        ) from error


def _tokenizer(tree: Any, path: Path, bos: str, eos: str) -> ByteLevelBPE:
    known = ("version", "truncation", "padding", "added_tokens", "normalizer", "pre_tokenizer",
             "post_processor", "decoder", "model")  # fmt: skip
    file = _table(tree, "", dict.fromkeys(known, _anything))
    _table(file, "", {"truncation": _one_of(None), "padding": _one_of(None)}, more=True)
    _table(file.get("decoder"), "decoder", {"type": _one_of("ByteLevel")}, more=True, all_of=True)
    normal_form = _normal_form(file.get("normalizer"))
    special = _special(file.get("added_tokens", []), normal_form)
    model = _model(file.get("model"))
    beside, template = _marks_beside(path), _marks_of_template(file.get("post_processor"))
    return ByteLevelBPE(
        pieces=_pieces(model["vocab"], special),
        merges=_merges(model["merges"], model["vocab"]),
        pattern=_pattern(file.get("pre_tokenizer")),
        normal_form=normal_form,
        ignore_merges=model.get("ignore_merges", False),
        special=list(special),
        bos_token=bos or beside[0] or template[0],
        eos_token=eos or beside[1] or template[1],
    )


def _json_of(path: str | Path) -> Any:
    """JSON in which no key stands twice and all texts can be spelled."""

    def table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(pairs)
        if len(made) < len(pairs):
            keys = sorted(key for key, _ in pairs)
            twice = next(key for key, same in groupby(keys) if len([*same]) > 1)
            raise _wrong(f"the key {twice[:60]!r} stands twice", "each key once")
        return made

    text = nf.read_text(path)
    try:
        found = json.loads(text, object_pairs_hook=table)
        json.dumps(found, ensure_ascii=False).encode()
    except RecursionError as error:
        raise _wrong("it is nested too deeply", "a tokenizer.json") from error
    except UnicodeEncodeError as error:
        raise _wrong("it has half of a surrogate pair", "texts that UTF-8 can spell") from error
    except ValueError as error:  # no JSON, or a number of 5,000 digits
        raise _wrong(f"it is not JSON: {error}", "a tokenizer.json") from error
    return found


def _normal_form(normalizer: Any) -> Literal["none", "NFC"]:
    """NFC, or nothing."""
    if normalizer is None:
        return "none"
    _table(normalizer, "normalizer", {"type": _one_of("NFC")}, all_of=True)
    return "NFC"


def _special(tokens: Any, normal_form: str) -> dict[str, int]:
    """The ids of the tokens that are found before a text is cut."""
    special: dict[str, int] = {}
    plain = _one_of(False)
    for k, each in enumerate(_list(tokens, "added_tokens")):
        token = _table(each, f"added_tokens.{k}", {
            "id": _is_id, "content": _is_text, "single_word": plain, "lstrip": plain,
            "rstrip": plain, "special": _one_of(True, False),
            "normalized": plain if normal_form == "NFC" else _one_of(True, False),
        })  # fmt: skip
        if not {"id", "content"} <= {*token} or token["content"] in special:
            raise _wrong(f"added_tokens.{k} is {token!r}", "an id and a content that is new")
        special[token["content"]] = token["id"]
    return special


def _model(model: Any) -> dict[str, Any]:
    """The table of the model, whose vocabulary is one and whose merges are a list."""
    nothing, off = _one_of(None, ""), _one_of(False)
    table = _table(model, "model", {
        "type": _one_of("BPE"), "dropout": _one_of(None), "unk_token": _one_of(None),
        "continuing_subword_prefix": nothing, "end_of_word_suffix": nothing, "fuse_unk": off,
        "byte_fallback": off, "ignore_merges": _one_of(True, False), "vocab": _anything,
        "merges": _anything,
    })  # fmt: skip
    vocab = table.get("vocab")
    if not isinstance(vocab, dict) or not all(map(_is_id, vocab.values())):
        raise _wrong("model.vocab is not right", "a table from pieces to ids from 0 up")
    _list(table.get("merges"), "model.merges")
    return table


def _pieces(vocab: Mapping[str, int], special: Mapping[str, int]) -> list[str]:
    """The pieces by id: each id from 0 up has one, and each byte that UTF-8 uses."""
    for each, k in special.items():
        if vocab.get(each, k) != k:
            raise _wrong(f"{each!r} has the ids {vocab[each]} and {k}", "the same in both places")
    ids = {**vocab, **special}
    pieces = sorted(ids, key=ids.__getitem__)
    for k, piece in enumerate(pieces):
        if ids[piece] != k:
            raise _wrong(f"{piece!r} has the id {ids[piece]}", f"{k}: no id left out or used twice")
    lacking = [letter for byte, letter in enumerate(byte_letters())
               if byte not in NEVER and letter not in vocab]  # fmt: skip
    if lacking:
        raise _wrong(f"model.vocab has no piece for the byte {lacking[0]!r}", "one for each byte")
    return pieces


def _merges(merges: list[Any], vocab: Mapping[str, int]) -> list[list[str]]:
    """The pairs, which old files write as one text; both parts and what they make are pieces."""
    pairs: dict[tuple[str, str], None] = {}
    for k, each in enumerate(merges):
        pair = tuple(each.split(" ") if isinstance(each, str) else _list(each, f"model.merges.{k}"))
        if len(pair) != 2 or not all(map(_is_text, pair)) or pair in pairs:
            raise _wrong(
                f"model.merges.{k} is {str(each)[:80]!r}", "two pieces, a pair that is new"
            )
        unknown = [piece for piece in (*pair, pair[0] + pair[1]) if piece not in vocab]
        if unknown:
            raise _wrong(f"model.merges.{k} has {unknown[0][:80]!r}", "pieces of model.vocab")
        pairs[pair] = None
    return [list(pair) for pair in pairs]


def _pattern(pre_tokenizer: Any) -> Any:
    """Whose pattern it is: the cuts that the steps make, one after the other."""
    top = pre_tokenizer if isinstance(pre_tokenizer, dict) else {}
    steps = [pre_tokenizer]
    if top.get("type") == "Sequence":
        _table(top, "pre_tokenizer", {"type": _anything, "pretokenizers": _anything})
        steps = _list(top.get("pretokenizers"), "pre_tokenizer.pretokenizers")
    cuts = tuple(cut for k, step in enumerate(steps) for cut in _cuts(step, k == len(steps) - 1))
    name = next((name for name, patterns in PATTERNS.items() if patterns == cuts), None)
    if name is None:
        raise _wrong(f"pre_tokenizer cuts by {' then '.join(cuts)[:300]!r}",
                     f"the pattern of {', '.join(PATTERNS)}")  # fmt: skip
    return name


def _cuts(step: Any, last: bool) -> tuple[str, ...]:
    """The patterns by which one step cuts; the last step is the one that makes bytes."""
    path, kind = "pre_tokenizer", step.get("type") if isinstance(step, dict) else None
    if last or kind == "ByteLevel":
        _table(step, path, {
            "type": _one_of("ByteLevel"), "add_prefix_space": _one_of(False),
            "trim_offsets": _anything, "use_regex": _one_of(True, False),
        })  # fmt: skip
        _table(step, path, {"type": _one_of("ByteLevel")}, more=True, all_of=last)
        if step.get("add_prefix_space", True):
            raise _wrong(f"{path} has no add_prefix_space", "false")
        return (GPT2,) if step.get("use_regex", True) else ()
    if kind == "Digits":
        alone = _one_of(True)
        _table(step, path, {"type": _anything, "individual_digits": alone}, all_of=True)
        return (DIGIT,)
    split = {"type": _one_of("Split"), "pattern": _anything, "behavior": _one_of("Isolated"),
             "invert": _one_of(False)}  # fmt: skip
    _table(step, path, split, all_of=True)
    return (_table(step["pattern"], f"{path}.pattern", {"Regex": _is_text}, all_of=True)["Regex"],)


Marks = tuple[str, str]


def _marks_beside(path: Path) -> Marks:
    """The marks that ``tokenizer_config.json`` names, if there is one."""
    other = path.with_name("tokenizer_config.json")
    if not other.exists():
        return "", ""
    tree = _table(_json_of(other), other.name, {}, more=True)
    found = [tree.get(key) or "" for key in ("bos_token", "eos_token")]
    texts = [each.get("content", "") if isinstance(each, dict) else each for each in found]
    if not all(isinstance(each, str) for each in texts):
        raise _wrong(f"{other.name} has the marks {texts!r}", "texts")
    return texts[0], texts[1]


def _marks_of_template(post_processor: Any) -> Marks:
    """The marks that the file's template puts before and behind one text, if it has any."""
    step = post_processor if isinstance(post_processor, dict) else {}
    if step.get("type") == "Sequence":
        inner = _list(step.get("processors"), "post_processor.processors")
        return next(filter(any, map(_marks_of_template, inner)), ("", ""))
    if post_processor is not None and step.get("type") not in ("ByteLevel", "TemplateProcessing"):
        raise _wrong(f"post_processor.type is {str(step.get('type'))[:80]!r}",
                     "ByteLevel or TemplateProcessing")  # fmt: skip
    single = _list(step.get("single", []), "post_processor.single")
    named = [each.get("SpecialToken") if isinstance(each, dict) else None for each in single]
    texts = [each.get("id") if isinstance(each, dict) else "" for each in named]
    first, last = (texts[0], texts[-1]) if len(texts) > 1 else ("", "")
    return (first if isinstance(first, str) else "", last if isinstance(last, str) else "")


Right = Callable[[Any], bool]


def _anything(_: Any) -> bool:
    return True


def _one_of(*values: Any) -> Right:
    """Whether a value is one of these, where 0 is not false."""
    return lambda x: any(type(x) is type(value) and x == value for value in values)


def _is_id(x: Any) -> bool:
    return type(x) is int and x >= 0


def _is_text(x: Any) -> bool:
    return isinstance(x, str) and x != ""


def _table(
    value: Any, path: str, right: Mapping[str, Right], *, more: bool = False, all_of: bool = False
) -> dict[str, Any]:
    """A table whose keys and values are right; others only if there may be ``more``."""
    where = path or "the file"
    if not isinstance(value, dict):
        raise _wrong(f"{where} is {str(value)[:80]!r}", "a table")
    for key, x in value.items():
        if not (more if key not in right else right[key](x)):
            place = f"{path}.{key[:60]}" if path else key[:60]
            raise _wrong(f"{place} = {str(x)[:80]!r} is not supported", f"keys {', '.join(right)}"
                         if key not in right else "the value that byte-level BPE has")  # fmt: skip
    if all_of and not {*right} <= {*value}:
        raise _wrong(f"{where} lacks {', '.join({*right} - {*value})}", "all of its keys")
    return value


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise _wrong(f"{where} is {str(value)[:80]!r}", "a list")
    return value


def _wrong(what: str, expected: str) -> nf.StateError:
    return nf.StateError(what, expected=expected, remedy=REMEDY)
