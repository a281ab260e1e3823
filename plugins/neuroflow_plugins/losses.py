"""Losses: how wrong one prediction is.

A loss takes the prediction for one example and its target and gives one number; a batch takes
the mean. Where the prediction is a list, the regression losses take the mean over the list.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import neuroflow as nf
from neuroflow_plugins.activations import shifted, softplus
from neuroflow_plugins.ops import relu

# Regression: a number, or a list of numbers ------------------------------------------------------


def mse(prediction, target):
    r"""Mean squared error: :math:`\frac{1}{n} \sum_i (p_i - t_i)^2`.

    >>> mse(3.0, 1.0), mse([1.0, 2.0], [1.0, 4.0])
    (4.0, 2.0)
    """
    return _mean([(p - t) * (p - t) for p, t in _pairs("mse", prediction, target)])


def mae(prediction, target):
    r"""Mean absolute error: :math:`\frac{1}{n} \sum_i |p_i - t_i|`; slope 0 where they agree.

    >>> mae(3.0, 1.0), mae([1.0, 2.0], [1.0, 4.0])
    (2.0, 1.0)
    """
    return _mean([nf.absolute(p - t) for p, t in _pairs("mae", prediction, target)])


def huber(prediction, target, *, delta: float = 1.0):
    r"""Squared near the target and straight beyond ``delta``, so that outliers pull less.

    With :math:`d = p - t`: :math:`d^2 / 2` where :math:`|d| \leq \delta`, else
    :math:`\delta (|d| - \delta / 2)`; a list takes the mean.
    Source: Huber, "Robust estimation of a location parameter" (1964).

    Raises :class:`neuroflow.InputError` unless ``delta`` is positive.

    >>> huber(0.5, 0.0), huber(3.0, 0.0)
    (0.125, 2.5)
    """
    if not delta > 0.0:
        raise nf.InputError(f"huber got delta={delta!r}; expected a number above 0")
    terms = []
    for p, t in _pairs("huber", prediction, target):
        distance = nf.absolute(p - t)
        near = 0.5 * distance * distance
        far = delta * (distance - 0.5 * delta)
        terms.append(nf.where(distance <= delta, near, far))
    return _mean(terms)


# Two classes: one number, the score --------------------------------------------------------------


def hinge(prediction, target):
    r"""Max-margin loss of a score: :math:`\max(0, 1 - t\,p)` for a label t of -1 or +1.

    Zero once the score is on the right side of the margin; slope 0 at the margin itself.
    Source: Cortes and Vapnik, "Support-vector networks" (1995).

    >>> hinge(0.25, 1), hinge(0.25, -1), hinge(3.0, 1)
    (0.75, 1.25, 0.0)
    """
    return _mean([relu(1.0 - t * p) for p, t in _pairs("hinge", prediction, target)])


def squared_hinge(prediction, target):
    r"""The square of the hinge loss, smooth at the margin: :math:`\max(0, 1 - t\,p)^2`.

    >>> squared_hinge(0.5, 1), squared_hinge(0.5, -1)
    (0.25, 2.25)
    """
    margins = [relu(1.0 - t * p) for p, t in _pairs("squared_hinge", prediction, target)]
    return _mean([margin * margin for margin in margins])


def binary_cross_entropy(prediction, target):
    r"""Surprise at a label of 0 or 1, from the *logit* p, the log odds of label 1.

    :math:`-t \ln \sigma(p) - (1 - t) \ln(1 - \sigma(p))`, computed as
    :math:`t \ln(1 + e^{-p}) + (1 - t) \ln(1 + e^{p})`, which is exact for every logit.
    Labels between 0 and 1 are probabilities.

    >>> binary_cross_entropy(0.0, 1) == math.log(2.0)
    True
    >>> binary_cross_entropy(1000.0, 1), binary_cross_entropy(1000.0, 0)
    (0.0, 1000.0)
    """
    pairs = _pairs("binary_cross_entropy", prediction, target)
    return _mean([t * softplus(-p) + (1.0 - t) * softplus(p) for p, t in pairs])


# Many classes: a list of numbers, one per class --------------------------------------------------


def cross_entropy(prediction, target, *, label_smoothing: float = 0.0):
    r"""Surprise at class ``target``, from the *logits*: :math:`\ln \sum_j e^{p_j} - p_t`.

    ``target`` is the number of the right class. With ``label_smoothing`` :math:`\epsilon`, the
    right class counts for :math:`1 - \epsilon` and all classes share :math:`\epsilon` equally.
    Source: Szegedy et al., "Rethinking the inception architecture" (2016), section 7.

    Raises :class:`neuroflow.InputError` if ``target`` is the number of no class.

    >>> round(cross_entropy([0.0, 3.0, -2.0, 1.0], 3), 12)
    2.175515362617
    """
    if not 0.0 <= label_smoothing <= 1.0:
        raise nf.InputError(
            f"cross_entropy got label_smoothing={label_smoothing!r}; expected 0 to 1"
        )
    logits = shifted(prediction, "cross_entropy")
    log_total = nf.log(nf.sum([nf.exp(x) for x in logits]))
    right = nf.take(logits, _class_number("cross_entropy", target))
    if label_smoothing:  # a setting: known before any run
        right = (1.0 - label_smoothing) * right + label_smoothing * nf.mean(logits)
    return log_total - right


def cross_entropy_from_probabilities(prediction, target):
    r"""Surprise at ``target``, from *probabilities* such as a softmax layer gives.

    :math:`-\ln p_t` for the number t of a class, or :math:`-\sum_i t_i \ln p_i` for a list of
    as many numbers as classes (one-hot, or probabilities). Prefer :func:`cross_entropy`, which
    takes logits and is exact where probabilities vanish.

    Raises :class:`neuroflow.InputError` for a target that fits no class, and
    :class:`neuroflow.DomainError` where a probability is 0.

    >>> cross_entropy_from_probabilities([0.25, 0.75], 0) == math.log(4.0)
    True
    >>> cross_entropy_from_probabilities([0.25, 0.75], [1, 0]) == math.log(4.0)
    True
    """
    name = "cross_entropy_from_probabilities"
    if isinstance(target, (list, tuple)):
        pairs = _pairs(name, prediction, target)
        return -nf.dot([t for _, t in pairs], [nf.log(p) for p, _ in pairs])
    if not isinstance(prediction, (list, tuple)):
        raise nf.InputError(f"{name} needs a list of probabilities, but got {prediction!r}")
    return -nf.log(nf.take(prediction, _class_number(name, target)))


# What they share ---------------------------------------------------------------------------------


def _pairs(loss: str, prediction: Any, target: Any) -> list[tuple[Any, Any]]:
    """Predictions beside their targets; bare numbers are lists of one."""
    predictions = prediction if isinstance(prediction, (list, tuple)) else [prediction]
    targets = target if isinstance(target, (list, tuple)) else [target]
    if len(predictions) != len(targets) or not predictions:
        raise nf.InputError(
            f"{loss} got {len(predictions)} prediction(s) and {len(targets)} target(s) for one"
            " example; expected as many of both, at least one; match the last layer to the target"
        )
    return list(zip(predictions, targets, strict=True))


def _mean(terms: Sequence[Any]) -> Any:
    return terms[0] if len(terms) == 1 else nf.mean(terms)


def _class_number(loss: str, target: Any) -> Any:
    """The target itself, an integer or an index input; anything else is refused."""
    if isinstance(target, (bool, float, str, list, tuple)):
        raise nf.InputError(
            f"{loss} got the target {target!r}; expected the number of a class,"
            " an integer counted from 0"
        )
    return target


def _is_sign(label: Any) -> bool:
    return bool(label in (-1, 1))


def _is_probability(label: Any) -> bool:
    return bool(0 <= label <= 1)


def _is_class_number(label: Any) -> bool:
    return isinstance(label, int) and not isinstance(label, bool) and label >= 0


def _is_finite(label: Any) -> bool:
    return math.isfinite(label)


@nf.hookimpl
def neuroflow_losses():
    """All losses, each with the labels that it takes."""
    number = {"labels": "any finite number", "allows": _is_finite}
    sign = {"labels": "-1 or +1", "allows": _is_sign}
    class_number = {
        "labels": "the number of a class: an integer, 0 or more",
        "allows": _is_class_number,
        "index_target": True,
    }
    return [
        _entry(mse, r"\frac{1}{n} \sum_i (p_i - t_i)^2", aliases=("mean_squared_error",), **number),
        _entry(mae, r"\frac{1}{n} \sum_i |p_i - t_i|", aliases=("mean_absolute_error",), **number),
        _entry(
            huber,
            r"\begin{cases} \frac{1}{2} d^2 & |d| \leq \delta \\"
            r" \delta (|d| - \frac{\delta}{2}) & \text{otherwise} \end{cases}, \quad d = p - t",
            reference='Huber, "Robust estimation of a location parameter" (1964)',
            **number,
        ),
        _entry(hinge, r"\max(0, 1 - t \, p)", aliases=("max_margin",), **sign),
        _entry(squared_hinge, r"\max(0, 1 - t \, p)^2", **sign),
        _entry(
            binary_cross_entropy,
            r"t \ln(1 + e^{-p}) + (1 - t) \ln(1 + e^p)",
            labels="0 or 1, or a probability between them",
            allows=_is_probability,
        ),
        _entry(cross_entropy, r"\ln \sum_j e^{p_j} - p_t", **class_number),
        _entry(cross_entropy_from_probabilities, r"-\ln p_t", **class_number),
    ]


def _entry(loss: Any, formula: str, **facts: Any) -> nf.LossEntry:
    summary = loss.__doc__.split("\n", 1)[0].split(": :math:")[0].rstrip(".") + "."
    return nf.LossEntry(name=loss.__name__, target=loss, formula=formula, summary=summary, **facts)
