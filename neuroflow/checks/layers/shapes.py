"""Shapes of layers: what an entry declares is what runs."""

from __future__ import annotations

from neuroflow.checks.layers.trials import Trial
from neuroflow.checks.shared.report import Results
from neuroflow.checks.shared.variations import described, variations
from neuroflow.config import Shape, settings_of, shape_of_entry, shown_shape


def check_shape(trial: Trial, results: Results) -> None:
    """The declared shape of the small module is that of what it gives."""
    if not trial.entry.shape:
        return
    module = trial.build()
    taken = Shape.of(trial.inputs[0] if len(trial.inputs) == 1 else tuple(trial.inputs))
    declared, problems = shape_of_entry(trial.entry, module.configuration(), taken)
    results.expect(
        "shape", not problems, f"{'; '.join(map(str, problems))}, and yet it runs with them"
    )
    given = Shape.of(module(*trial.inputs))
    results.expect(
        "shape",
        bool(problems) or _agree(declared, given),
        f"it declares {trial.entry.shape_in_words!r}, which gives {shown_shape(declared)} of"
        f" {shown_shape(taken)}, but it gave {shown_shape(given)}; mend the declaration",
    )
    if not problems and _agree(declared, given):
        _check_others(trial, taken, results)


def _check_others(trial: Trial, taken: Shape, results: Results) -> None:
    """The same at other settings, where those take the same inputs."""
    for settings in variations(trial.entry, settings_of(trial.entry), trial.settings)[1:]:
        try:
            module = trial.build(**settings)
            given = Shape.of(module(*trial.inputs))
        except Exception:  # settings and inputs that do not go together
            continue
        declared, problems = shape_of_entry(trial.entry, module.configuration(), taken)
        changed = {k: x for k, x in settings.items() if trial.settings.get(k, ...) != x}
        right = bool(problems) or _agree(declared, given)
        results.expect("shape", right, (
            f"it declares {trial.entry.shape_in_words!r}, which gives {shown_shape(declared)} of"
            f" {shown_shape(taken)}{described(changed)}, but it gave {shown_shape(given)}; mend the"
            " declaration: a function of the settings can tell them apart"
        ))  # fmt: skip
        if not right:
            return


def _agree(declared: Shape, given: Shape) -> bool:
    """Whether known lengths are the same; whole numbers are numbers too."""
    if isinstance(declared, dict) or isinstance(given, dict):
        return str(shown_shape(declared)) == str(shown_shape(given))
    return declared.is_open or (
        len(declared) == len(given)
        and all(isinstance(x, str) or x == y for x, y in zip(declared, given, strict=True))
    )
