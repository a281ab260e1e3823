"""The bundled ops: those of the core, those of the normal curve, and relu."""

import neuroflow as nf


@nf.op(formula=r"\max(0, x)", kinks=(0.0,), convention="relu'(0) = 0")
def relu(x):
    """Rectified linear unit: x where it is positive, else 0."""
    return nf.where(x > 0.0, x, 0.0)


@relu.partials
def _(out, x):
    return (nf.where(x > 0.0, 1.0, 0.0),)


_NORMAL = {op.name: op for op in (nf.erf, nf.erfc, nf.gaussian, nf.normal_cdf, nf.normal_part)}


@nf.hookimpl
def neuroflow_ops():
    """The elementary functions, and those of this module."""
    return [*{**nf.core_ops, **_NORMAL}.values(), relu]
