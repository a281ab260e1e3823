"""Tokenizers: byte pairs are those of the definition, and what is unknown is told or kept."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from neuroflow_plugins.byte_pairs import textbook_merges, textbook_split

import neuroflow as nf

TEXTS = st.lists(st.text("aab \n", max_size=30) | st.text(max_size=8), min_size=1, max_size=6)


def tokenizer(name, texts=("ab a",), **settings):
    return nf.get("tokenizer", name).load()(**settings).learn(list(texts))


@given(TEXTS, st.integers(0, 12), st.text("aab \n", max_size=40))
def test_byte_pairs_are_those_of_the_definition(texts, n_merges, other):
    pairs = tokenizer("byte_pairs", texts, n_merges=n_merges)
    merges = textbook_merges(texts, n_merges)
    assert pairs.merges == [list(pair) for pair in merges]
    for text in (*texts, other):
        assert pairs.split(text) == textbook_split(text, merges)


def test_merges_are_applied_in_their_order_and_never_earlier_ones_again():
    merges = [["abc", "d"], ["a", "b"], ["ab", "c"], ["a", "a"]]
    pairs = nf.get("tokenizer", "byte_pairs").load()(pieces=[*"abcd"], merges=merges)
    assert pairs.split("abcd aaa") == ["abc", "d", " ", "aa", "a"]
    again = nf.get("tokenizer", "byte_pairs").load()(pieces=[*"abcd"], merges=[*merges, merges[0]])
    assert again.split("abcd") == ["abcd"]


def test_within_words_no_piece_joins_two():
    pairs = tokenizer("byte_pairs", ["to be  or not to be, to be"] * 3, n_merges=99, within="words")
    assert pairs.split("to be, not  to") == ["to", " be", ",", " not", "  ", "to"]
    assert [" ", "b"] in pairs.merges
    assert all(" " not in piece.strip() for piece in pairs.pieces)


def test_byte_pairs_agree_with_the_library_tokenizers():
    library = pytest.importorskip("tokenizers", reason="pip install tokenizers: to compare with")
    text = "".join(f"{k * k} {k % 7:03b} squares of {k}\n" for k in range(300))
    pairs = tokenizer("byte_pairs", [text], n_merges=80)
    ids = {piece: k for k, piece in enumerate(pairs.pieces)}
    peer = library.models.BPE(vocab=ids, merges=[tuple(pair) for pair in pairs.merges])
    assert [t.value for t in peer.tokenize(text)] == pairs.split(text)
    trained = library.Tokenizer(library.models.BPE())
    words = ["low"] * 5 + ["lower"] * 2 + ["newest"] * 6 + ["widest"] * 3  # Sennrich's, few ties
    size = len(set("".join(words))) + 4
    trainer = library.trainers.BpeTrainer(vocab_size=size, show_progress=False)
    trained.train_from_iterator(words, trainer)
    learned = tokenizer("byte_pairs", words, n_merges=4).merges
    counts = [[*pair] for pair in textbook_merges(words, 4)]
    assert learned == counts
    assert set(map("".join, learned)) <= {*trained.get_vocab()}


@pytest.mark.parametrize("name", nf.names("tokenizer"))
@given(text=st.text(max_size=12))
def test_bytes_for_what_is_unknown_give_every_text_back(name, text):
    fallback = tokenizer(name, unknown="bytes")
    ids = fallback.encode(text)
    assert fallback.decode(ids) == text
    assert all(0 <= k < fallback.bos == fallback.vocab_size - 1 for k in ids)


@pytest.mark.parametrize("name", ["characters", "words", "byte_pairs"])
def test_one_token_stands_for_all_that_is_unknown(name):
    replaced = tokenizer(name, unknown="replace")
    ids = replaced.encode("ab é")
    assert replaced.decode(ids) == "ab �"
    assert replaced.piece(ids[-1]) == "<UNKNOWN>"
    assert replaced.encode("é") == replaced.encode("ü") == [replaced.bos - 1]
    assert replaced.encode("ab a") == tokenizer(name).encode("ab a")


@pytest.mark.parametrize("name", nf.names("tokenizer"))
@pytest.mark.parametrize("unknown", ["refuse", "replace", "bytes"])
def test_the_choice_is_a_part_of_the_configuration(name, unknown):
    one = tokenizer(name, unknown=unknown)
    again = nf.resolve("tokenizer", {"use": name, **one.configuration()})()
    assert (again.unknown, again.vocab_size) == (unknown, one.vocab_size)
    assert [again.piece(k) for k in range(again.vocab_size)] == [
        one.piece(k) for k in range(one.vocab_size)
    ]


@pytest.mark.parametrize("name", ["characters", "byte_pairs"])
def test_what_is_unknown_is_refused_with_its_place(name):
    message = "the tokenizer does not know 'x', line 2, character 3 of the text; its .* pieces are"
    with pytest.raises(nf.InputError, match=message):
        tokenizer(name, ["ab\n"]).encode("ab\nabx")


def test_half_of_a_surrogate_pair_is_unknown_to_bytes():
    with pytest.raises(nf.InputError, match="half of a surrogate pair at character 1"):
        tokenizer("bytes").encode("é\ud83d")
    assert tokenizer("bytes", unknown="replace").encode("é\ud83d") == [195, 169, 256]
    assert tokenizer("bytes", unknown="bytes").vocab_size == 257


def test_only_the_commonest_pieces_are_learned():
    words = tokenizer("words", ["a b c b", "c b"], most_pieces=2, unknown="replace")
    assert words.pieces == [" ", "b"]
    assert words.decode(words.encode("a b")) == "� b"
    assert words.configuration()["most_pieces"] == 2


def test_learning_says_how_far_it_is():
    from neuroflow.long_work import following

    heard = []
    with following(lambda *facts: heard.append(facts)):
        tokenizer("byte_pairs", ["ababab"], n_merges=9)
    assert heard == [("learning pairs of tokens", k, 9) for k in (0, 1, 2, 9)]


@pytest.mark.parametrize("name", nf.names("tokenizer"))
@pytest.mark.parametrize("wrong", [True, False])
def test_what_is_true_or_false_is_no_token(name, wrong):
    letters = tokenizer(name)
    for read in (letters.piece, lambda k: letters.decode([0, k])):
        with pytest.raises(nf.InputError, match=f"no token has the id {wrong}"):
            read(wrong)
