"""Settings: each says what it means, and its default is one of the values that it allows."""

from __future__ import annotations

from neuroflow.checks.shared.report import Results
from neuroflow.config import check_part, settings_of
from neuroflow.core.settings import Setting
from neuroflow.errors import ConfigurationError
from neuroflow.registry.entries import BUNDLED, Entry


def check_settings(entry: Entry, results: Results) -> None:
    """What is declared holds together; entries that declare no setting at all are left alone."""
    settings = settings_of(entry)
    if entry.namespace != BUNDLED and not any(setting.meaning for setting in settings):
        return
    for setting in settings:
        results.expect("settings", bool(setting.meaning), (
            f"nothing says what the setting {setting.name!r} means; annotate it:"
            f' {setting.name}: Annotated[float, nf.Setting("what it does", "[0, 1)")]'
        ))  # fmt: skip
        if not setting.required:
            problem = _problem_of_default(setting)
            results.expect("settings", not problem, (
                f"the default of the setting {setting.name!r} is refused: {problem};"
                " correct the default, or the range"
            ))  # fmt: skip


def _problem_of_default(setting: Setting) -> str:
    if not setting.part:
        return str(setting.problem(setting.default) or "")
    parts = setting.default if setting.many or setting.default is None else [setting.default]
    try:
        for part in parts or ():
            check_part(setting.part, part)
    except ConfigurationError as error:
        return str(error)
    return ""
