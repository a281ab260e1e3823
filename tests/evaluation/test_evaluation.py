"""An evaluation: what it tells of classes, numbers and texts, and in how many columns."""

from __future__ import annotations

import json
import math

import pytest

import neuroflow as nf
from neuroflow.evaluation import Answers, evaluation_of, usual_metrics


def evaluated(data, loss, said, losses, **options):
    answers = Answers(data, nf.get("loss", loss), lambda: said, lambda: losses)
    return evaluation_of(answers, usual_metrics(data), **options)


LOGITS = [[2.0, 0.0], [0.0, 1.0], [3.0, 0.0], [0.0, 0.5]]
FLOWERS = nf.Dataset(
    [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]], [0, 1, 1, 1], "classes",
    labels=("rose", "lily"), columns=("width", "height"), name="flowers",
)  # fmt: skip


def flowers(**options):
    loss = nf.get("loss", "cross_entropy").load()
    losses = [loss(a, t) for a, t in zip(LOGITS, FLOWERS.targets, strict=True)]
    return evaluated(FLOWERS, "cross_entropy", LOGITS, losses, **options)


def test_what_is_told_of_classes():
    found = flowers(part="test", worst=1)
    assert found["accuracy"] == found.scores["accuracy"] == 0.75
    assert found.confusion == [[1, 0], [1, 2]]
    assert [(row.label, row.support) for row in found.classes] == [("rose", 1), ("lily", 3)]
    assert found.calibration.expected_error > 0.0
    (wrong,) = found.worst
    assert (wrong.place, wrong.right, wrong.said) == (2, "lily", "rose")
    assert wrong.inputs == {"width": 5.0, "height": 6.0}
    assert wrong.probability == pytest.approx(1 / (1 + math.exp(-3.0)))
    assert wrong.loss == pytest.approx(math.log(1 + math.exp(3.0)))
    assert json.loads(json.dumps(found.to_dict()))["confusion"] == [[1, 0], [1, 2]]


def test_the_inputs_of_the_worst_are_those_before_standardization():
    data = FLOWERS.standardized()
    found = evaluated(data, "cross_entropy", LOGITS, [0.0, 0.0, 9.0, 0.0], worst=1)
    assert found.worst[0].inputs == {"width": pytest.approx(5.0), "height": pytest.approx(6.0)}


def test_it_reads_as_tables():
    assert str(flowers(part="test", worst=1)).split("\n\n") == [
        "flowers test: 4 examples",
        "loss                 0.990714\naccuracy             0.75",
        "confusion (a row per right class, a column per said one)\n"
        "        rose  lily\nrose       1     .\nlily       1     2",
        "class  precision    recall        f1   support\n"
        "rose      0.5000    1.0000    0.6667         1\n"
        "lily      1.0000    0.6667    0.8000         3",
        "calibration: expected error 0.4296\n"
        "confidence      mean     right  examples\n"
        "0.6 to 0.7    0.6225    1.0000         1\n"
        "0.7 to 0.8    0.7311    1.0000         1\n"
        "0.8 to 0.9    0.8808    1.0000         1\n"
        "0.9 to 1.0    0.9526    0.0000         1",
        "most wrong\n  example 2, loss 3.049: said rose (95.3%), right is lily\n"
        "    width = 5, height = 6",
    ]


def test_scores_that_are_no_probabilities_have_no_calibration_and_it_says_why():
    data = nf.Dataset([[0.0], [1.0]], [0, 1], "binary")
    found = evaluated(data, "hinge", [-1.0, -2.0], [0.0, 3.0])
    assert found.calibration is None
    assert found.worst[0].probability is None
    assert "no calibration: loss 'hinge' gives scores, which are no probabilities" in str(found)


def test_an_answer_with_a_nan_is_told_first_and_no_table_is_made_of_it():
    data = nf.Dataset([[0.0], [1.0]], [0, 1], "binary")
    found = evaluated(data, "hinge", [-1.0, math.nan], [0.0, math.nan])
    assert math.isnan(found["accuracy"])
    assert found.confusion is None
    assert (found.worst[0].place, found.worst[0].said) == (1, None)
    assert "example 1, loss nan" in str(found)


def test_what_is_told_of_numbers():
    data = nf.Dataset([[0.0], [1.0], [2.0]], [[0.0, 1.0], [1.0, 1.0], [2.0, 1.5]])
    said = [[0.5, 1.0], [1.0, 1.0], [0.0, 1.0]]
    found = evaluated(data, "mse", said, [0.1, 0.0, 2.0])
    assert found.pairs[0] == ((0.0, 0.5), (1.0, 1.0), (2.0, 0.0))
    assert len(found.pairs) == 2
    assert found.worst[0].right == [2.0, 1.5]
    assert "predicted minus right of column 0\n      least " in str(found)
    assert "         -2 " in str(found)


def test_what_is_told_of_texts():
    tokenizer = nf.get("tokenizer", "characters").load()().learn(["ab"])
    data = nf.Dataset(
        [[0, 1, 0], [1, 0]], [[1, 0], [0, 0]], "sequence", tokenizer=tokenizer, vocab_size=3
    )
    right, even = [0.0, 9.0, 0.0], [0.0, 0.0, 0.0]
    said = [[even, right, even], [even, even]]
    ln3 = math.log(3.0)
    found = evaluated(data, "cross_entropy", said, [ln3 / 2, ln3], worst=1)
    first = nf.get("loss", "cross_entropy").load()(right, 1)
    assert found.position_losses == pytest.approx([(first + ln3) / 2, ln3])
    assert found["perplexity"] == pytest.approx(3**0.75)
    assert (found.worst[0].inputs, found.worst[0].right) == ("ba", "aa")
    assert "loss by position" in str(found)


def test_a_text_that_has_a_class_is_told_as_a_text():
    tokenizer = nf.get("tokenizer", "characters").load()().learn(["ab"])
    data = nf.Dataset(
        [[2, 0, 1], [2, 1]], [0, 1], "classes", labels=("no", "yes"), columns=("review",),
        tokenizer=tokenizer, vocab_size=3, shaped=True,
    )  # fmt: skip
    found = evaluated(data, "cross_entropy", [[0.0, 1.0]] * 2, [1.3, 0.3], worst=1)
    assert (found.worst[0].inputs, found.worst[0].right, found.worst[0].said) == ("ab", "no", "yes")


@pytest.mark.parametrize("classes", [2, 11, 40])
def test_no_line_is_longer_than_80_columns_and_no_name_reaches_the_terminal(classes):
    labels = tuple(f"\x1b[2Ja very long name of class number {k}" for k in range(classes))
    data = nf.Dataset(
        [[0.1] * 40 for _ in range(classes)], list(range(classes)), "classes", labels=labels,
        columns=tuple(f"column {k}\n" for k in range(40)),
    )  # fmt: skip
    said = [[float(k == 1) for k in range(classes)]] * classes
    text = str(evaluated(data, "cross_entropy", said, [1.0] * classes))
    assert max(map(len, text.split("\n"))) <= 80
    assert "\x1b" not in text
    if classes == 40:
        assert "mistaken most often" in text
        assert "and 31 other pairs" in text
