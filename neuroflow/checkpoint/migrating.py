"""Migrating: what older versions of entries saved, as the versions that are here have it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from attrs import define, field

from neuroflow.checkpoint.arrays import OPTIMIZER
from neuroflow.checkpoint.uses import Used
from neuroflow.errors import NeuroflowError, PluginError, StateError, raised, reason

if TYPE_CHECKING:
    from neuroflow.checkpoint.arrays import Arrays
    from neuroflow.registry.entries import Entry


@define
class Migrating:
    """The ``arrays`` of a saved model, on their way to newer versions of its entries.

    A part has the arrays whose names begin with where it stands in the model's table, such as
    ``layers.0.inner``; its migrations see their names without that. Outer parts come first, so
    what is inside one is looked for where its newest version has it.
    """

    arrays: Arrays
    outgrown: Sequence[Used]
    where: str
    done: set[tuple[str, str]] = field(factory=set)

    def model(self, table: Mapping[str, Any]) -> Any:
        """The table of a model in which every entry has the version that is here.

        Raises :class:`PluginError` for a migration that fails.
        """
        return self.part(table, "layer", "")

    def data(self, table: Mapping[str, Any]) -> dict[str, Any]:
        """The facts of a model's data, with its tokenizer, which has no arrays, as it is here.

        Raises :class:`StateError` for an entry that stood where no declared part is.
        """
        facts = dict(table)
        if "tokenizer" in facts:
            facts["tokenizer"] = self.part(facts["tokenizer"], "tokenizer", ":tokenizer")
        left = [str(used) for used in self.outgrown if (used.kind, used.use) not in self.done]
        if left:
            raise StateError(
                f"{self.where} cannot be migrated: {'; '.join(left)} stands in a setting that is"
                " not declared as a part",
                remedy="install the version it was saved with",
                file=self.where,
            )
        return facts

    @property
    def parameters(self) -> int:
        """How many numbers the model has by now."""
        return sum(x.size for name, x in self.arrays.items() if not name.startswith(OPTIMIZER))

    def part(self, part: Any, kind: str, at: str) -> Any:
        """One part, or a list of them, that stands ``at`` a place of the model."""
        from neuroflow.config import part_settings
        from neuroflow.registry.lookups import does_without
        from neuroflow.registry.manager import get

        if isinstance(part, list):
            return [self.part(each, kind, f"{at}.{k}") for k, each in enumerate(part)]
        if does_without(kind, part):
            return part
        table = {"use": part} if isinstance(part, str) else part
        if not isinstance(table, Mapping) or "use" not in table:
            return part
        use = table["use"]
        used = next((u for u in self.outgrown if (u.kind, u.use) == (kind, use)), None)
        entry = get(kind, used.name if used else use)
        if used is not None:
            table = self.newer(table, used, entry, at)
        inner = part_settings(entry)
        result = {
            key: self.part(x, inner[key], f"{at}.{key}".lstrip(".")) if key in inner else x
            for key, x in table.items()
        }
        return result["use"] if isinstance(part, str) and set(result) == {"use"} else result

    def newer(self, table: Mapping[str, Any], used: Used, entry: Entry, at: str) -> dict[str, Any]:
        """The table of one entry, taken from version to version; so are the arrays below it."""
        settings = {key: x for key, x in table.items() if key != "use"}
        start = f"{at}." if at else ""
        own = {
            name.removeprefix(start): array
            for name, array in self.arrays.items()
            if name.startswith(start) and not name.startswith(OPTIMIZER)
        }
        for name in own:
            del self.arrays[start + name]
        for version in range(used.version, entry.version):
            settings, own = _step(entry, version, settings, own)
        self.arrays.update({start + name: array for name, array in own.items()})
        self.done.add((used.kind, used.use))
        return {"use": entry.shortest_name, **settings}


def _step(entry: Entry, version: int, settings: Any, arrays: Any) -> tuple[Any, Any]:
    """One migration; whatever goes wrong in it is an error that names it."""
    import numpy as np

    what = f"the migration of {entry.kind} {entry.shortest_name} from version {version} failed"
    try:
        newer, numbers = entry.migrations[version](dict(settings), dict(arrays))
        return dict(newer), {str(n): np.asarray(x, dtype=np.float64) for n, x in numbers.items()}
    except Exception as error:
        why = reason(error) if isinstance(error, NeuroflowError) else raised(error)
        raise PluginError(
            f"{what}: {why}",
            expected="a pair: the settings and the arrays of the next version, as dicts",
            remedy=f"tell the authors of {entry.credit or 'the plugin'}, or install the version"
            " that the model was saved with",
            **entry.where,
        ) from error
