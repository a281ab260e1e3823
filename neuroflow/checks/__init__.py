"""Checks of ops, activations, losses, layers and optimizers: one file per idea.

Reading order: ``report``, ``numeric``, ``probes``, ``subject``; then what is checked: ``declared``,
``values``, ``slopes``, ``exact``, ``kinks``, ``extremes``; then who is checked: ``ops``,
``losses``, ``layers``, ``optimizers``. ``branches`` reads source and ``latex`` reads formulas.
"""
