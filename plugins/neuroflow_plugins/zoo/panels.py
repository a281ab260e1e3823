"""Panels with one mistake each."""

from __future__ import annotations

import math
import random

import neuroflow as nf
from neuroflow_plugins.zoo.twin import twin


@twin("the bar with a script", "content", "A page shows shapes and texts; a script would run in it,"
      " and is refused.")  # fmt: skip
def bar_1(reports):
    """The loss as a bar."""
    loss = reports[-1]["loss"] if reports else 0.0
    told = f"<script>alert({loss})</script>"  # bug
    return f'<svg viewBox="0 0 100 10"><rect width="9" height="9"/>{told}</svg>'


@twin("the one that cannot wait", "reports", "A page is opened before the first step: there may be"
      " no report yet.")  # fmt: skip
def bar_2(reports):
    """The loss as a share of the first."""
    return [("share", reports[-1]["loss"] / reports[0]["loss"])]  # bug


@twin("the bar that twitches", "same", "The same reports look another way each time: that is not"
      " what the run did.")  # fmt: skip
def bar_3(reports):
    """The losses, a little blurred."""
    return [(each["step"], each["loss"] + random.gauss(0.0, 0.1)) for each in reports[-9:]]  # bug


@twin("the frozen bar", "shows", "Whatever is reported, it shows the same.")
def bar_4(reports):
    """The loss as a bar."""
    return '<svg viewBox="0 0 100 10"><rect width="50" height="9"/></svg>'  # bug


@twin("the bar without an end", "content", "A run may report a nan or an infinity; no bar is that"
      " long.")  # fmt: skip
def bar_5(reports):
    """The loss as a bar."""
    width = 10 * reports[-1]["loss"] if reports else 0.0
    return f'<svg viewBox="0 0 100 10"><rect width="{width}" height="9"/></svg>'  # bug


@twin("the one that knows its scores", "reports", "Only some reports have scores: those of an"
      " evaluation.")  # fmt: skip
def bar_6(reports):
    """The accuracy of each report."""
    return [(report["step"], report["accuracy"]) for report in reports]  # bug


@twin("the root of the loss", "reports", "A loss may be below zero: that of a density is, where"
      " the density is above 1.")  # fmt: skip
def bar_7(reports):
    """The root of the loss."""
    return [("root", math.sqrt(reports[-1]["loss"]))] if reports else []  # bug


@twin("the row for each report", "content", "A long run has hundreds of reports, and a table that"
      " long is not shown.")  # fmt: skip
def bar_8(reports):
    """The loss of each report."""
    return [(report["step"], report["loss"]) for report in reports]  # bug


@twin("the best of all runs", "same", "The next run of the page begins with what was kept of the"
      " one before.")  # fmt: skip
def bar_9(reports, best=[]):  # noqa: B006  that is the fault
    """The least loss so far."""
    best += [report["loss"] for report in reports]
    return [("least", min(best))] if best else []  # bug


@twin("the bar that is less than nothing", "content", "Where the loss has grown its width is below"
      " 0, and no browser draws it.")  # fmt: skip
def bar_10(reports):
    """How much of the first loss is gone."""
    first = reports[0]["loss"] if reports else 0.0
    share = reports[-1]["loss"] / first if first else 1.0
    width = 100 * (1 - share) if math.isfinite(share) else 0.0
    return f'<svg viewBox="0 0 100 10"><rect width="{width}" height="9"/></svg>'  # bug


PANELS = [
    nf.PanelEntry(
        name=target.__name__, target=target, title="The loss",
        summary=(target.__doc__ or "").split("\n", 1)[0],
    )
    for target in (bar_1, bar_2, bar_3, bar_4, bar_5, bar_6, bar_7, bar_8, bar_9, bar_10)
]  # fmt: skip
