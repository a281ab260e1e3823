"""Uses: which entries a saved model needs, who offered them, and whether they still are there."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from attrs import frozen

from neuroflow.checkpoint.code import digest_of, is_another
from neuroflow.errors import PluginError, RegistryError, StateError
from neuroflow.registry.entries import LOCAL

if TYPE_CHECKING:
    from neuroflow.core.module import Module
    from neuroflow.registry.entries import Entry
    from neuroflow.registry.lookups import Name

Purpose = Literal["answering", "building", "training"]
"""What an entry is needed for: for each answer, to make the model anew, or to train on."""


@frozen
class Used:
    """An entry that a saved model needs, and who offered it when it was saved.

    Of what was local, no distribution is known: ``plugin`` names the file that registered it, to
    be told, and ``code`` is a digest of what it did.
    """

    kind: str
    use: str
    id: str
    plugin: str
    distribution: str
    distribution_version: str
    purpose: Purpose = "answering"
    code: str = ""

    def __str__(self) -> str:
        if self.is_local:
            return f"{self.kind} {self.id} (registered in {self.plugin})"
        return f"{self.kind} {self.id} (plugin {self.plugin!r} of {self.offered_by})"

    @property
    def is_local(self) -> bool:
        """Whether a session or a file offered it, and no distribution."""
        return self.id.startswith(f"{LOCAL}/") and not self.distribution

    @property
    def offered_by(self) -> str:
        """The distribution and its version."""
        return f"{self.distribution} {self.distribution_version}"

    @property
    def name(self) -> str:
        """The id without the version."""
        return self.id.partition("@")[0]

    @property
    def version(self) -> int:
        """The version of the entry."""
        return int(self.id.partition("@")[2])


def uses_of_model(model: Module, looked_up: Mapping[Name, Entry]) -> list[Used]:
    """What was asked for while a model was built, and whose layers it holds beside."""
    from neuroflow.registry.entries import BUNDLED
    from neuroflow.registry.manager import manager

    found = [
        _used(kind, use, entry, "building" if kind == "initializer" else "answering")
        for (kind, use), entry in looked_up.items()
    ]
    known = {used.id for used in found if used.kind == "layer"}
    types = {type(module) for _, module in model.named_modules()}
    for entry in manager().registry.entries("layer"):
        if entry.namespace != BUNDLED and entry.id not in known and entry.load() in types:
            found.append(_used("layer", entry.shortest_name, entry, "answering"))
    return found


def drawn_by(model: Module) -> list[Used]:
    """What drew the first numbers of a model that was loaded, also inside another, by its file.

    Nothing asks for it again, so that it may be gone; a file written anew goes on telling it.
    """
    inner = [module for _, module in model.named_modules()]
    noted = [used for module in inner for used in vars(module).get("_drawn_by", ())]
    return list(dict.fromkeys(noted))


def take_drawn_by(model: Module, uses: Sequence[Used]) -> None:
    """Remember in a loaded model what :func:`drawn_by` tells."""
    vars(model)["_drawn_by"] = tuple(used for used in uses if used.purpose == "building")


def uses_of_tables(configuration: Mapping[str, Any], data: Mapping[str, Any]) -> list[Used]:
    """What the run of a configuration needs to go on, and its tokenizer to answer in text."""
    from neuroflow.config import parts_of
    from neuroflow.registry.manager import get

    tokenizer = data.get("tokenizer")
    answering = parts_of(tokenizer, "tokenizer") if tokenizer else []
    training = [name for name in dict.fromkeys(parts_of(configuration)) if name not in answering]
    return [
        *(_used(kind, use, get(kind, use), "answering") for kind, use in answering),
        *(_used(kind, use, get(kind, use), "training") for kind, use in training),
    ]


def _used(kind: str, use: str, entry: Entry, purpose: Purpose) -> Used:
    by = entry.provider
    facts = (by.plugin, by.distribution, by.version) if by else ("", "", "")
    code = digest_of(entry) if by and by.is_local else ""
    return Used(kind, use, entry.id, *facts, purpose, code)


def check_uses(
    uses: Sequence[Used], where: str, *, training: bool = True
) -> tuple[dict[Name, str], list[Used]]:
    """Make sure that every entry is there as it was, or can take over from an older version.

    Gives the names that need their full id, and the uses that need a migration. Without
    ``training`` a model is only to answer: then nothing counts that is not needed for it. Raises
    :class:`PluginError` for missing entries and :class:`StateError` for changed ones.
    """
    missing: list[Used] = []
    changed, pinned, outgrown = [], {}, []
    for used in uses:
        if used.purpose != "answering" and not training:
            continue  # what drew its numbers does not count: the saved ones replace them
        here = _entry(used.kind, used.id)
        newer = None if here else _entry(used.kind, used.name)
        if here is not None and _offers(here, used):
            if _entry(used.kind, used.use) is not here:
                pinned[used.kind, used.use] = used.id
        elif (now := here or newer) is None:
            missing.append(used)
        elif not training and newer and _can_migrate(used, newer):
            outgrown.append(used)
            pinned[used.kind, used.use] = newer.id
        else:
            changed.append(f"{used}, while {now.id} of {now.provider} is installed")
    _refuse(missing, changed, where)
    return pinned, outgrown


def _refuse(missing: Sequence[Used], changed: Sequence[str], where: str) -> None:
    if missing:
        is_local = [used.is_local for used in missing]
        what = f"needs what is not {'registered here' if all(is_local) else 'installed'}"
        install = "install those distributions, see: neuroflow doctor"
        register = (
            "register it again before, with nf.register; on the command line, say --plugin and"
            " that file"
        )
        raise PluginError(
            f"{where} {what}: {'; '.join(dict.fromkeys(map(str, missing)))}",
            remedy=register if all(is_local) else install,
            file=where,
        )
    if changed:
        raise StateError(
            f"{where} was saved with another version: {'; '.join(changed)}",
            remedy="its numbers would mean something else, so install the version it was saved"
            " with",
            file=where,
        )


def local_code(configuration: Mapping[str, Any]) -> dict[str, str]:
    """A digest of each local entry that a configuration names, by what it is there for."""
    from neuroflow.config import parts_of
    from neuroflow.registry.manager import get

    found = {}
    for kind, use in parts_of(configuration):
        entry = get(kind, use)
        if entry.provider is not None and entry.provider.is_local:
            steers = kind in ("loss", "optimizer", "schedule")
            found[kind if steers else f"{kind} {entry.shortest_name}"] = digest_of(entry)
    return found


def changed_code(uses: Sequence[Used]) -> list[str]:
    """What is registered here under the name of what a file was saved with, and does other things.

    In words; what is needed to answer alone.
    """
    told = []
    for used in uses:
        here = _entry(used.kind, used.id) if used.code and used.purpose == "answering" else None
        if here is not None and is_another(used.code, digest_of(here)):
            told.append(f"{used} has other code now, in {here.provider or 'this session'}")
    return told


def _entry(kind: str, reference: str) -> Entry | None:
    from neuroflow.registry.manager import get

    try:
        return get(kind, reference)
    except RegistryError:
        return None


def _offers(entry: Entry, used: Used) -> bool:
    """Whether an entry is from the distribution that the used one was from."""
    now = entry.provider.distribution if entry.provider else ""
    return _spelled(now) == _spelled(used.distribution)


def _spelled(distribution: str) -> str:
    """The name of a distribution as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _can_migrate(used: Used, now: Entry) -> bool:
    versions = range(used.version, now.version)
    return bool(versions) and _offers(now, used) and all(v in now.migrations for v in versions)


def with_ids(part: Any, kind: str, pinned: Mapping[Name, str]) -> Any:
    """A part with full ids where a bare name has come to mean something else, inside it too."""
    if not pinned:
        return part
    from neuroflow.config import renamed

    return renamed(part, kind, lambda kind, use: pinned.get((kind, use), use))
