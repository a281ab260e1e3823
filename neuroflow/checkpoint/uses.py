"""Uses: which entries a saved model needs, who offered them, and whether they still are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from attrs import frozen

from neuroflow.errors import PluginError, RegistryError, StateError


@frozen
class Used:
    """An entry that a saved model needs, and who offered it when it was saved."""

    kind: str
    use: str
    id: str
    plugin: str
    distribution: str
    distribution_version: str

    def __str__(self) -> str:
        return f"{self.kind} {self.id} (plugin {self.plugin!r} of {self.offered_by})"

    @property
    def offered_by(self) -> str:
        """The distribution and its version."""
        return f"{self.distribution} {self.distribution_version}"


def uses_of(
    table: Mapping[str, Any], kind: str, configuration: Mapping[str, Any] | None = None
) -> list[Used]:
    """Every entry that a model, and the run that made it, needs."""
    from neuroflow.config import parts_of
    from neuroflow.registry.manager import get

    parts = [*parts_of(table, kind), *(parts_of(configuration) if configuration else ())]
    found = []
    for kind, use in dict.fromkeys(parts):
        entry = get(kind, use)
        by = entry.provider
        facts = (by.plugin, by.distribution, by.version) if by else ("", "", "")
        found.append(Used(kind, use, entry.id, *facts))
    return found


def check_uses(uses: Sequence[Used], where: str) -> dict[tuple[str, str], str]:
    """Make sure that every entry is there as it was; gives the names that need their full id.

    Raises :class:`PluginError` for missing entries and :class:`StateError` for changed ones.
    """
    from neuroflow.registry.manager import get

    missing, changed, pinned = [], [], {}
    for used in uses:
        try:
            if get(used.kind, used.use).id != used.id:
                get(used.kind, used.id)
                pinned[used.kind, used.use] = used.id
        except RegistryError:
            now = _other_version(used)
            if now is None:
                missing.append(f"{used}")
            else:
                changed.append(f"{used}, while {now.id} of {now.provider} is installed")
    if missing:
        raise PluginError(
            f"{where} needs what is not installed: {'; '.join(missing)}",
            remedy="install those distributions, see: neuroflow doctor",
            file=where,
        )
    if changed:
        raise StateError(
            f"{where} was saved with another version: {'; '.join(changed)}",
            remedy="its numbers would mean something else, so install the version it was saved"
            " with",
            file=where,
        )
    return pinned


def _other_version(used: Used) -> Any:
    from neuroflow.registry.manager import get

    try:
        return get(used.kind, used.id.partition("@")[0])
    except RegistryError:
        return None


def with_ids(part: Any, kind: str, pinned: Mapping[tuple[str, str], str]) -> Any:
    """A part with full ids where a bare name has come to mean something else, inside it too."""
    if not pinned:
        return part
    if isinstance(part, str):
        return pinned.get((kind, part), part)
    if isinstance(part, list):
        return [with_ids(each, kind, pinned) for each in part]
    if not isinstance(part, Mapping):
        return part
    from neuroflow.config import settings_of
    from neuroflow.registry.manager import get

    use = pinned.get((kind, part["use"]), part["use"])
    inner = {setting.name: setting.part for setting in settings_of(get(kind, use)) if setting.part}
    return {
        **{key: with_ids(x, inner[key], pinned) if key in inner else x for key, x in part.items()},
        "use": use,
    }
