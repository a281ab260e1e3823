"""The mathematics of an entry on its page: formula, derivatives, domain, kinks."""

from __future__ import annotations

from docutils import nodes

from neuroflow.core.value import Op
from neuroflow.registry.entries import Entry
from neuroflow.sphinxext.nodes import formula_block, paragraph, rubric, table
from neuroflow.view.formulas import partial_derivatives


def with_left_side(entry: Entry, formula: str) -> str:
    target = entry.load()
    if not isinstance(target, Op):
        return formula
    name = entry.name.replace("_", r"\_")
    inputs = ", ".join(p.removesuffix("s") if target.vectors else p for p in target.parameters)
    return rf"\mathrm{{{name}}}({inputs}) = {formula}"


def derivatives(op: Op) -> list[nodes.Node]:
    rows = partial_derivatives(op)
    if not rows:
        reason = (
            "The rule decides by comparisons, one for each input; its convention below says what"
            " it gives, and its source how."
        )
        return [rubric("Partial derivatives"), paragraph(reason)]
    given = "its rule ``partials``" if op.partials_rule else "the forward rule, differentiated"
    lead = paragraph(f"Derived by running {given} on symbols:")
    if op.vectors:
        lead += nodes.Text(" (vectors of three numbers)")
    return [
        rubric("Partial derivatives"),
        lead,
        *[formula_block(rf"{name} = {slope}") for name, slope in rows],
    ]


def convention(op: Op) -> list[nodes.Node]:
    found: list[nodes.Node] = [
        rubric("Domain and kinks"),
        table(
            ("input", "domain"),
            [(nodes.literal(p, p), d.text) for p, d in zip(op.parameters, op.domain, strict=True)],
        ),
    ]
    if op.kinks:
        where = ", ".join(f"{k:g}" if isinstance(k, float) else str(k) for k in op.kinks)
        found.append(paragraph(f"The derivative jumps at: {where}."))
    elif not op.convention:
        found.append(paragraph("No kinks: the derivative is continuous on the domain."))
    if op.convention:
        found.append(paragraph(f"Convention: {op.convention}."))
    return found
