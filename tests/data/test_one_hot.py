"""One-hot: a class as a list, and the labels that are refused."""

import pytest

import neuroflow as nf


def test_the_label_is_where_the_one_stands():
    for classes in (1, 3, 10):
        for label in range(classes):
            coded = nf.one_hot(label, classes)
            assert (len(coded), sum(coded), coded.index(max(coded))) == (classes, 1.0, label)


@pytest.mark.parametrize(("label", "classes"), [(3, 3), (-1, 3), (1.0, 3), (True, 3), ("1", 3)])
def test_another_label_is_refused(label, classes):
    with pytest.raises(nf.InputError, match=r"the label of one_hot is .*; expected a whole number"):
        nf.one_hot(label, classes)


@pytest.mark.parametrize("classes", [0, -1, 2.5, None])
def test_no_classes_are_refused(classes):
    with pytest.raises(nf.InputError, match="number of classes of one_hot"):
        nf.one_hot(0, classes)


def test_a_loss_of_probabilities_takes_it():
    loss = nf.get("loss", "cross_entropy_from_probabilities").load()
    probabilities = nf.Value.softmax([nf.Value(0.0), nf.Value(0.0)])
    assert loss(probabilities, nf.one_hot(1, 2)).data == pytest.approx(0.6931471805599453)
