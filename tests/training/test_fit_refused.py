"""What ``nf.fit`` refuses: data, models and losses that do not fit each other."""

import pytest

import neuroflow as nf
from tests.training.test_fit import CLASS, LINE, OWN, Twins, X, fit_by


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: nf.fit("mlp", X, LINE[:5]), "X has shape (40, 3) and y has shape (5,)"),
        (lambda: nf.fit("mlp", X, LINE, sizes=[4, 1]), "cannot take the inputs of the dataset, 3"),
        (lambda: nf.fit("mlp", X, LINE, sizes=["data", "data", 1]), '"data" at the ends alone'),
        (lambda: nf.fit("mlp", OWN["recurrent"][1], LINE[:8]), "are no rows of one length"),
        (lambda: nf.fit(Twins(), X, LINE), "cannot take the inputs of the dataset, 3 numbers"),
        (lambda: nf.fit("mlp", X, CLASS, loss="mse", task="regression"), "target of row 0 is '"),
        (lambda: nf.fit("mlp", X, LINE, loss=3), "the loss is 3, of type int; expected a name"),
        (lambda: nf.fit("mlp", X, LINE, task="regresion"), "did you mean 'regression'?"),
        (lambda: nf.fit(Twins, X, LINE), "name of a layer, or a table; make one: Twins(...)"),
        (lambda: nf.fit(None, X, LINE), "the model is None, of type NoneType; expected a module"),
        (lambda: fit_by(lambda p: p), "the loss is <lambda>(p): too many positional arguments"),
        (lambda: fit_by(lambda p, t: [p, t]), "one number, a Value that was computed"),
        (lambda: fit_by("cross_entropy"), "is one of classes, and the target of row 0 is "),
        (lambda: nf.fit("mlp", X, LINE, sample_weight=X[:, 0]), "did you mean 'weights'?"),
        (lambda: nf.fit("mlp", X, LINE, weights=LINE[:5]), "40 examples and 5 weights"),
        (lambda: nf.fit("mlp", set(LINE), LINE), "a set has no order"),
        (lambda: nf.fit("mlp", X, [None, *LINE[1:]]), "fill in what is missing, or leave such"),
        (lambda: nf.fit("mlp", X.astype(str), LINE), "make numbers of texts: X.astype(float)"),
        (lambda: nf.fit("mlp", X, LINE, hidden="16"), "hidden is '16', of type str; expected the"),
    ],
)
def test_what_does_not_fit_is_told_with_shapes_and_a_remedy(call, told):
    with pytest.raises(nf.NeuroflowError) as caught:
        call()
    assert told in str(caught.value)
