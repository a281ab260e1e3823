"""Checks of what plugins offer: every entry says in a sentence what it is."""

from __future__ import annotations

import neuroflow as nf

ANSWERS = {
    "check": "what must hold",
    "dataset": "what it holds",
    "exporter": "who reads it",
    "importer": "what it reads",
    "format": "what its tables look like",
    "layer": "what it computes",
    "look": "what it tells",
    "loss": "what it punishes",
    "metric": "what it is",
    "optimizer": "how it moves",
    "recipe": "what it shows",
    "tokenizer": "what its tokens are",
    **dict.fromkeys(("backend", "initializer", "observer", "panel", "schedule"), "what it is for"),
}
"""What the summary of each kind says. Those of ops and activations are checked with their rules."""


def summary(entry, results):
    """There is a summary, for the tables and pages that name the entry."""
    told = f"there is no summary; say {ANSWERS[entry.kind]}"
    results.expect("declared", bool(entry.summary), told)


@nf.hookimpl
def neuroflow_checks():
    """All checks by name."""
    return [
        nf.CheckEntry(
            name="summary",
            target=summary,
            kinds=tuple(ANSWERS),
            summary="Every entry says in a sentence what it is",
        )
    ]
