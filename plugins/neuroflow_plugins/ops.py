"""The bundled ops: those of the core, those of the normal curve, relu, and what libraries share."""

import neuroflow as nf


@nf.op(formula=r"\max(0, x)", kinks=(0.0,), convention="relu'(0) = 0")
def relu(x):
    """Rectified linear unit: x where it is positive, else 0."""
    return nf.where(x > 0.0, x, 0.0)


@relu.partials
def _(out, x):
    return (nf.where(x > 0.0, 1.0, 0.0),)


_NORMAL = {op.name: op for op in (nf.erf, nf.erfc, nf.gaussian, nf.normal_cdf, nf.normal_part)}
_ELSEWHERE = {
    "neuroflow": ("atan", "floor", "log10", "log2", "mod"),
    "neuroflow_plugins.exponentials": ("exp2", "logsumexp"),
    "neuroflow_plugins.angles": ("acos", "asin", "atan2", "hypot", "tan"),
    "neuroflow_plugins.hyperbolic": ("acosh", "asinh", "atanh", "cosh", "sinh"),
    "neuroflow_plugins.steps": ("ceil", "clip", "sign"),
}
"""Ops that are imported when they are first used, by the module that has them."""


@nf.hookimpl
def neuroflow_ops():
    """The elementary functions, and what is made of them."""
    ops = {**nf.core_ops, **_NORMAL, relu.name: relu}
    later = {name: f"{module}:{name}" for module, names in _ELSEWHERE.items() for name in names}
    yield from (op for name, op in ops.items() if name not in later)
    yield from (nf.OpEntry(name=name, target=target) for name, target in later.items())
