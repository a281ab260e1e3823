"""Byte-level BPE: the ids of the library ``tokenizers``, and files that are refused in words."""

from __future__ import annotations

import json
import random
import sys
import unicodedata
from functools import cache

import pytest
from neuroflow_plugins.byte_level import ByteLevelBPE
from neuroflow_plugins.pretokens import DIGIT, PATTERNS, pretokens
from neuroflow_plugins.tokenizer_json import read_tokenizer

import neuroflow as nf
from tests.support.sweeps import tries

FRAGMENTS = [
    "the", "It's", "don't", "WE'LL", "he'D", "'ſ", "''ve", "12345", "007", "½", "²", "٣٤", "Ⅷ",
    "naïve", "e\u0301", "日本語", "한국", "привет", "مرحبا", "😀", "👍🏽", "x==y;", "foo_bar", "//",
    "四", "\r\n",
    "\n\n", "\t", " ", "  ", "     ", "\u00a0", "\u2003", "\u3000", "\u0085", "\x1c", "\x1f", "\0",
    "\u200d", "\u212a", "<|end|>", "<|", "|>", "<|begin|>", "\n  \n", "  \r", "l", "'",
]  # fmt: skip
CORPUS = [
    " ".join(FRAGMENTS[:30]) * 3,
    "the theme of them: don't we'll 12 123 1234 日本 日本語 naïve",
]
SPECIAL = ["<|begin|>", "<|end|>"]
"""They stand in :data:`FRAGMENTS` too, whole and in parts."""


@cache
def stable_letters():
    """Characters by category, of those that all versions of Unicode class alike."""
    old = unicodedata.ucd_3_2_0
    kinds = {}
    for k in range(sys.maxunicode + 1):
        kind = unicodedata.category(chr(k))
        if kind == old.category(chr(k)) and kind not in ("Cn", "Cs", "Co"):
            kinds.setdefault(kind, []).append(chr(k))
    return list(kinds.values())


def texts(n, seed):
    """Random texts, the empty one among them."""
    rng, kinds = random.Random(seed), stable_letters()
    yield ""
    for _ in range(n - 1):
        yield "".join(
            rng.choice(FRAGMENTS) if rng.random() < 0.7 else rng.choice(rng.choice(kinds))
            for _ in range(rng.randrange(1, 12))
        )


def peer_of(own):
    """The same tokenizer in the library."""
    library = pytest.importorskip("tokenizers", reason="pip install tokenizers: to compare with")
    steps = library.pre_tokenizers
    published = own.pattern in ("gpt2", "smollm")
    cuts = [steps.Digits(individual_digits=True)] if DIGIT in PATTERNS[own.pattern] else []
    if not published:
        regex = library.Regex(PATTERNS[own.pattern][0])
        cuts = [steps.Split(regex, "isolated")]
    last = steps.ByteLevel(add_prefix_space=False, use_regex=published)
    model = library.models.BPE(
        vocab={p: k for k, p in enumerate(own.pieces) if p not in own.special},
        merges=[tuple(pair) for pair in own.merges],
        ignore_merges=own.ignore_merges,
    )
    peer = library.Tokenizer(model)
    peer.pre_tokenizer = steps.Sequence([*cuts, last]) if cuts else last
    peer.decoder = library.decoders.ByteLevel()
    if own.normal_form == "NFC":
        peer.normalizer = library.normalizers.NFC()
    added = [library.AddedToken(each, special=True, normalized=False) for each in own.special]
    peer.add_special_tokens(added)
    return peer


def learned(pattern, **settings):
    own = ByteLevelBPE(
        pattern=pattern, n_merges=200, special=SPECIAL, bos_token="<|begin|>", eos_token="<|end|>",
        normal_form="NFC" if pattern == "qwen2" else "none", ignore_merges=pattern == "llama-3",
        **settings,
    )  # fmt: skip
    return own.learn(CORPUS)


@pytest.mark.sweep
@pytest.mark.parametrize("pattern", PATTERNS)
def test_ids_are_those_of_the_library_tokenizers(pattern, tmp_path, figures):
    peer = peer_of(learned(pattern))
    peer.save(str(tmp_path / "tokenizer.json"))
    own = read_tokenizer(tmp_path / "tokenizer.json", bos="<|begin|>", eos="<|end|>")
    assert own.configuration() == {**learned(pattern).configuration(), "n_merges": 50}
    n = tries(200, full=20_000)
    tokens = 0
    for text in texts(n, seed=pattern):
        ids = own.encode(text)
        assert ids == peer.encode(text, add_special_tokens=False).ids, text
        marked = [k for k in ids if k not in (own.bos, own.eos)]
        assert own.decode(ids) == peer.decode(marked), text
        cuts = pretokens(text, PATTERNS[pattern])
        assert cuts == [text[a:b] for _, (a, b) in peer.pre_tokenizer.pre_tokenize_str(text)], text
        tokens += len(ids)
    figures(tried=n, faults=0, tokens=tokens)


def test_a_merge_that_comes_up_late_is_joined_as_in_gpt2():
    pieces = [*learned("gpt2").pieces, "bc", "abc", "abcd", "ab"]
    merges = [["b", "c"], ["a", "bc"], ["abc", "d"], ["a", "b"], ["ab", "c"]]
    for order in (merges, merges[::-1], [merges[k] for k in (3, 2, 4, 0, 1)]):
        own = ByteLevelBPE(pieces=list(dict.fromkeys(pieces)), merges=order)
        for text in ("abcd", "abcabcd", "aabcdd", "abab"):
            assert own.split(text) == peer_of(own).encode(text).tokens


def test_bos_and_eos_are_apart_or_one():
    apart = learned("gpt2")
    assert [apart.piece(k) for k in (apart.bos, apart.eos)] == SPECIAL
    assert apart.vocab_size == len(apart.pieces)
    assert apart.decode([apart.bos, *apart.encode("to"), apart.eos]) == "to"
    one = ByteLevelBPE(special=SPECIAL, eos_token="<|end|>").learn(CORPUS)
    assert one.bos == one.eos == one.encode("<|end|>")[0]
    none = ByteLevelBPE().learn(CORPUS)
    assert none.bos == none.eos == none.vocab_size - 1 == len(none.pieces)
    with pytest.raises(nf.InputError, match="the mark '<s>' is not special"):
        ByteLevelBPE(bos_token="<s>")


@pytest.mark.parametrize("pattern", PATTERNS)
def test_half_of_a_surrogate_pair_is_refused_with_its_place(pattern):
    with pytest.raises(nf.InputError, match="half of a surrogate pair at character 2"):
        learned(pattern).encode("a \ud83d")


@pytest.fixture
def tree():
    """A file as GPT-2 has it, as a tree."""
    own = ByteLevelBPE(n_merges=4, special=["<|end|>"]).learn(["banana bandana"])
    letters = {piece: k for k, piece in enumerate(own.pieces[:-1])}
    token = {"id": len(letters), "content": "<|end|>", "special": True, "normalized": False}
    return {
        "version": "1.0",
        "added_tokens": [token],
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": False},
        "decoder": {"type": "ByteLevel"},
        "model": {"type": "BPE", "vocab": letters, "merges": [" ".join(m) for m in own.merges]},
    }


def read(tree, folder, **beside):
    (folder / "tokenizer.json").write_text(tree if isinstance(tree, str) else json.dumps(tree))
    for name, content in beside.items():
        (folder / f"{name}.json").write_text(json.dumps(content))
    return read_tokenizer(folder / "tokenizer.json")


def test_marks_are_those_beside_the_file_or_of_its_template(tree, tmp_path):
    assert read(tree, tmp_path).bos_token == ""
    steps = [{"SpecialToken": {"id": "<|end|>"}}, {"Sequence": {"id": "A"}}]
    template = {"type": "TemplateProcessing", "single": steps}
    processors = {"type": "Sequence", "processors": [{"type": "ByteLevel"}, template]}
    own = read({**tree, "post_processor": processors}, tmp_path)
    assert (own.bos_token, own.eos_token, own.bos) == ("<|end|>", "", own.eos)
    marks = {"bos_token": None, "eos_token": {"content": "<|end|>"}}
    own = read(tree, tmp_path, tokenizer_config=marks)
    assert (own.bos_token, own.eos_token, own.bos) == ("", "<|end|>", own.eos)
    with pytest.raises(nf.StateError, match="the mark '<s>' is not special"):
        read(tree, tmp_path, tokenizer_config={"bos_token": "<s>"})


def changed(tree, path, value):
    """The tree with one value changed, or added."""
    *folders, last = path.split(".")
    place = tree
    for each in folders:
        place = place[int(each) if each.isdigit() else each]
    place[int(last) if last.isdigit() else last] = value
    return tree


SPLIT = {"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Isolated", "invert": False}
BYTES = {"type": "ByteLevel", "add_prefix_space": False, "use_regex": False}


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("truncation", {"max_length": 5}, "truncation = .* is not supported"),
        ("surprise", 1, "surprise = '1' is not supported"),
        ("normalizer", {"type": "Lowercase"}, "normalizer.type = 'Lowercase' is not supported"),
        ("decoder", {"type": "WordPiece"}, "decoder.type = 'WordPiece' is not supported"),
        ("decoder", None, "decoder is 'None'; expected a table"),
        ("post_processor", {"type": "BertProcessing"}, "post_processor.type is 'BertProcessing'"),
        ("pre_tokenizer", None, "pre_tokenizer is 'None'"),
        ("pre_tokenizer", {"type": "Metaspace"}, "pre_tokenizer.type = 'Metaspace'"),
        ("pre_tokenizer.add_prefix_space", True, "add_prefix_space = 'True' is not supported"),
        ("pre_tokenizer", {"type": "ByteLevel"}, "no add_prefix_space; expected false"),
        ("pre_tokenizer", {"type": "Sequence", "pretokenizers": [SPLIT, BYTES]}, "cuts by '.a"),
        ("pre_tokenizer", {"type": "Sequence", "pretokenizers": []}, "cuts by ''"),
        ("model.type", "Unigram", "model.type = 'Unigram' is not supported"),
        ("model.byte_fallback", True, "model.byte_fallback = 'True' is not supported"),
        ("model.ignore_merges", 1, "model.ignore_merges = '1' is not supported"),
        ("model.vocab", [], "model.vocab is not right"),
        ("model.vocab.x", True, "model.vocab is not right"),
        ("model.vocab.x", -1, "model.vocab is not right"),
        ("model.vocab.zz", 10**9, "'zz' has the id 1000000000; expected 260"),
        ("model.vocab.zz", 0, "has the id 0; expected 1: no id left out or used twice"),
        ("model.merges", None, "model.merges is 'None'; expected a list"),
        ("model.merges.0", "a", "model.merges.0 is 'a'; expected two pieces"),
        ("model.merges.0", ["a", 1], "model.merges.0 is"),
        ("model.merges.0", "a q", "model.merges.0 has 'aq'; expected pieces of model.vocab"),
        ("model.merges.1", "a n", "expected two pieces, a pair that is new"),
        ("added_tokens.0.lstrip", True, "added_tokens.0.lstrip = 'True' is not supported"),
        ("added_tokens.0.content", "", "added_tokens.0.content = '' is not supported"),
        ("added_tokens.0.content", "a", "'a' has the ids 97 and 259; expected the same"),
        ("added_tokens.0.content", "\ud800", "half of a surrogate pair"),
        ("added_tokens", {}, "added_tokens is '{}'; expected a list"),
        ("added_tokens.0.id", 7, "no id left out or used twice"),
    ],
)
def test_what_is_damaged_or_not_supported_is_named(tree, tmp_path, path, value, message):
    with pytest.raises(nf.StateError, match=message):
        read(changed(tree, path, value), tmp_path)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is not JSON"),
        ("[1, 2", "it is not JSON"),
        ("[]", r"the file is '\[\]'; expected a table"),
        ('{"model": 1, "model": 2}', "the key 'model' stands twice"),
        ("[" * 100_000, "nested too deeply"),
        ('{"version": ' + "9" * 5_000 + "}", "it is not JSON"),
    ],
)
def test_what_is_no_json_of_a_tokenizer_is_refused(tmp_path, text, message):
    with pytest.raises(nf.StateError, match=message):
        read(text, tmp_path)


def test_a_vocabulary_lacks_no_byte(tree, tmp_path):
    vocab = tree["model"]["vocab"]
    k = vocab.pop("q")
    vocab["other"] = k
    with pytest.raises(nf.StateError, match="no piece for the byte 'q'"):
        read(tree, tmp_path)
