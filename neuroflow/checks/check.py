"""``check(...)``: everything that a plugin offers, checked before anyone imports it."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import Any

from neuroflow.checks.kinds.datasets import check_dataset
from neuroflow.checks.kinds.examples import check_examples
from neuroflow.checks.kinds.executors import check_backend
from neuroflow.checks.kinds.exporters import check_exporter
from neuroflow.checks.kinds.formats import check_format
from neuroflow.checks.kinds.importers import check_importer
from neuroflow.checks.kinds.initializers import check_initializer
from neuroflow.checks.kinds.looks import check_look
from neuroflow.checks.kinds.metrics import check_metric
from neuroflow.checks.kinds.observers import check_observer
from neuroflow.checks.kinds.optimizers import check_optimizer
from neuroflow.checks.kinds.others import check_other
from neuroflow.checks.kinds.own_checks import check_by_plugins, check_check
from neuroflow.checks.kinds.panels import check_panel
from neuroflow.checks.kinds.recipes import check_recipe
from neuroflow.checks.kinds.schedules import check_schedule
from neuroflow.checks.kinds.settings import check_settings
from neuroflow.checks.kinds.tokenizers import check_tokenizer
from neuroflow.checks.layers.layers import check_layer
from neuroflow.checks.losses.losses import check_loss
from neuroflow.checks.ops.activations import check_activation
from neuroflow.checks.ops.table import check_subject, complete, guarded
from neuroflow.checks.selection import select
from neuroflow.checks.shared.findings import Offer
from neuroflow.checks.shared.report import Report, Results
from neuroflow.checks.shared.subject import Subject
from neuroflow.checks.time_limit import SECONDS, TookTooLongError, at_most
from neuroflow.registry.entries import Entry, OpEntry
from neuroflow.registry.local import local_entries


def check(*what: Any, seconds: float = SECONDS) -> Report:
    """Check all entries of plugins, modules, files, or entries and ops themselves.

    ``what`` are names as ``neuroflow check`` takes them, or the things. The report is true if
    nothing is wrong and at least one comparison was made; it prints counts, findings and skips.
    An entry may take so many ``seconds``; where it hangs is a finding.

    Raises :class:`InputError` for a name that means nothing.

    >>> report = check("op/relu")
    >>> bool(report), report.entries
    (True, ['op relu'])
    """
    report = Report()
    with local_entries():  # what files register is gone afterwards
        for selection in map(select, what):
            for problem in selection.problems:
                report.offers[problem.subject] = Offer("plugin", problem.subject.partition(" ")[2])
                report.of(problem.subject).failed(problem.check, problem.message)
            for entry in selection.entries:
                offer = Offer.of(entry)
                report.offers[offer.subject], report.checked[offer.subject] = offer, entry
                check_entry(entry, report.of(offer.subject), seconds)
    return report


def check_entry(entry: Entry, results: Results, seconds: float = SECONDS) -> None:
    """All checks of one entry, as far as they come in the time."""
    started = perf_counter()
    try:
        with at_most(seconds) as places:
            with guarded(results, "loading"):
                entry = entry.with_its_op()
                results.passed("loading")
                _CHECKS.get(entry.kind, check_other)(entry, results)
            with guarded(results, "settings"):
                check_settings(entry, results)
            with guarded(results, "examples"):
                check_examples(entry, results)
            check_by_plugins(entry, results)
    except TookTooLongError:
        results.failed("time", (
            f"not done after {seconds:g} s{''.join(places)}; does every loop end, for the smallest"
            " and the largest numbers too, and for numbers of many digits?"
        ))  # fmt: skip
    results.settled(entry.checks.expected)
    results.took(perf_counter() - started)


def check_op(entry: OpEntry, results: Results) -> None:
    """An op as :func:`~neuroflow.gradcheck` checks it, and on every backend."""
    op = complete(entry.load())
    facts: dict[str, Any] = {"name": entry.name, "formula": entry.formula or op.formula}
    facts |= {"checks": entry.checks, "relations": entry.relations}
    subject = Subject.of(op, **facts, summary=entry.summary or op.summary)
    check_subject(subject, results)


_CHECKS: dict[str, Callable[..., None]] = {
    "op": check_op,
    "activation": check_activation,
    "loss": check_loss,
    "metric": check_metric,
    "layer": check_layer,
    "optimizer": check_optimizer,
    "schedule": check_schedule,
    "initializer": check_initializer,
    "dataset": check_dataset,
    "tokenizer": check_tokenizer,
    "backend": check_backend,
    "recipe": check_recipe,
    "observer": check_observer,
    "exporter": check_exporter,
    "importer": check_importer,
    "check": check_check,
    "format": check_format,
    "panel": check_panel,
    "look": check_look,
}
