"""Saved models: one ``.safetensors`` file that holds numbers, and says what they belong to.

The metadata names the model by registry names, with the version and the distribution of every
entry it needs. There is no pickle and no import path in it, so reading one runs no code.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from itertools import product
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
from attrs import asdict, field, frozen

from neuroflow.base.errors import FileError, PluginError, RegistryError, StateError
from neuroflow.core.module import Module
from neuroflow.core.random import SplitMix32
from neuroflow.files import write_file

FORMAT = 1
CHECKPOINT = "checkpoint.safetensors"
OPTIMIZER = "optimizer:"
Arrays = dict[str, np.ndarray[Any, Any]]


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


@frozen
class SavedModel:
    """What a file says about itself; see :func:`inspect_file`.

    ``spec`` builds the model, ``uses`` lists the entries that it needs. ``configuration`` is
    the whole tree of the training run and ``data`` what is needed to use the model on new rows
    (task, labels, columns, standardization, tokenizer); both are empty for a bare model.
    ``state`` is what a resumed run goes on from; ``shapes`` has one shape per tensor.
    """

    spec: dict[str, Any]
    uses: tuple[Used, ...]
    neuroflow: str
    configuration: dict[str, Any] = field(factory=dict)
    data: dict[str, Any] = field(factory=dict)
    state: dict[str, Any] = field(factory=dict)
    shapes: dict[str, tuple[int, ...]] = field(factory=dict)

    @property
    def parameters(self) -> int:
        """How many numbers the model has."""
        names = (name for name in self.shapes if not name.startswith(OPTIMIZER))
        return sum(prod(self.shapes[name]) for name in names)


def save(
    model: Module,
    path: str | Path,
    *,
    configuration: Mapping[str, Any] | None = None,
    data: Mapping[str, Any] | None = None,
    state: Mapping[str, Any] | None = None,
    optimizer: Mapping[str, Sequence[float]] | None = None,
) -> None:
    """Write a model to a ``.safetensors`` file; what was there before is replaced as a whole.

    The other arguments are what a run adds to its checkpoints. Raises :class:`StateError` for
    a model that no plugin registers, and :class:`FileError` if the file cannot be written.
    """
    from safetensors.numpy import save as to_bytes

    from neuroflow.spec import spec_of

    spec = spec_of(model)
    arrays = _gathered(model.state_dict())
    for name, numbers in (optimizer or {}).items():
        arrays[OPTIMIZER + name] = np.array(numbers, dtype=np.float64)
    about = {
        "format": FORMAT,
        "neuroflow": _own_version(),
        "spec": spec,
        "uses": [asdict(used) for used in uses_of(spec, "layer", configuration)],
        "configuration": configuration or {},
        "data": data or {},
        "state": state or {},
        "sha256": _digest(arrays),
    }
    write_file(path, to_bytes(arrays, metadata={"neuroflow": _sealed(about)}))


def inspect_file(path: str | Path) -> SavedModel:
    """What a saved model says about itself, without loading any plugin.

    ``path`` is a file, or the folder of a run. Raises :class:`FileError` if there is no such
    file and :class:`StateError` if it is damaged.
    """
    about, shapes = _read(file_of(path))
    return _described(about, shapes)


def load(path: str | Path) -> Any:
    """The model of a file, or of the last checkpoint in a run's folder, in evaluation mode.

    Raises :class:`PluginError` that names plugin, distribution and version if an entry is
    missing, :class:`StateError` if an entry has changed or the file is damaged, and
    :class:`FileError` if there is no such file.
    """
    model, _ = load_with_facts(path)
    return model


def load_with_facts(path: str | Path) -> tuple[Any, SavedModel]:
    """The model of a file, and what the file says about itself."""
    from neuroflow.spec import build

    path = file_of(path)
    saved, arrays = read_arrays(path)
    pinned = check_uses(saved.uses, str(path))
    model = build(_with_ids(saved.spec, pinned), rng=SplitMix32(0))
    load_parameters(model, arrays, path)
    return model.eval(), saved


def file_of(path: str | Path) -> Path:
    """The file itself, or the checkpoint in a run's folder."""
    path = Path(path)
    return path / CHECKPOINT if path.is_dir() else path


def load_parameters(model: Module, arrays: Arrays, path: str | Path) -> None:
    """Give a model the numbers of a file; all of them or, on a :class:`StateError`, none."""
    try:
        model.load_state_dict(_scattered(arrays))
    except StateError as error:
        raise StateError(f"{path} holds a model of another architecture: {error}") from error


def read_arrays(path: str | Path) -> tuple[SavedModel, Arrays]:
    """What a file says about itself and all its numbers, checked against their digest."""
    from safetensors import SafetensorError
    from safetensors.numpy import load as from_bytes

    about, shapes = _read(path)
    try:
        arrays = from_bytes(Path(path).read_bytes())
    except (SafetensorError, OSError, ValueError) as error:
        raise _damaged(path, error) from error
    if _digest(arrays) != about.get("sha256"):
        raise _damaged(path, "its numbers do not match their checksum")
    return _described(about, shapes), arrays


def uses_of(
    table: Mapping[str, Any], kind: str, configuration: Mapping[str, Any] | None = None
) -> list[Used]:
    """Every entry that a model, and the run that made it, needs."""
    from neuroflow.plugin import get
    from neuroflow.spec import parts_of

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
    from neuroflow.plugin import get

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
            f"{where} needs what is not installed: {'; '.join(missing)};"
            " install those distributions, see: neuroflow doctor"
        )
    if changed:
        raise StateError(
            f"{where} was saved with another version: {'; '.join(changed)};"
            " its numbers would mean something else, so install the version it was saved with"
        )
    return pinned


def _other_version(used: Used) -> Any:
    from neuroflow.plugin import get

    try:
        return get(used.kind, used.id.partition("@")[0])
    except RegistryError:
        return None


def _with_ids(part: Any, pinned: Mapping[tuple[str, str], str]) -> Any:
    """The spec with full ids where a bare name has come to mean something else."""
    if not pinned:
        return part
    names = {use: identity for (_, use), identity in pinned.items()}
    if isinstance(part, Mapping):
        return {key: _with_ids(value, pinned) for key, value in part.items()}
    if isinstance(part, list):
        return [_with_ids(x, pinned) for x in part]
    return names.get(part, part) if isinstance(part, str) else part


def _gathered(state: Mapping[str, float]) -> Arrays:
    """Numbers named ``a.0``, ``a.1`` ... as one tensor ``a``; a full grid or single numbers.

    >>> {name: array.shape for name, array in _gathered({"w.0": 1.0, "w.1": 2.0}).items()}
    {'w': (2,)}
    """
    groups: dict[str, dict[tuple[int, ...], float]] = {}
    for name, number in state.items():
        stem, index = _split(name)
        groups.setdefault(stem, {})[index] = number
    arrays: Arrays = {}
    for stem, numbers in groups.items():
        depths = {len(index) for index in numbers}
        shape = tuple(max(axis) + 1 for axis in zip(*numbers, strict=False))
        if len(depths) == 1 and prod(shape) == len(numbers) and stem:
            cells = [numbers[index] for index in product(*map(range, shape))]
            arrays[stem] = np.array(cells, dtype=np.float64).reshape(shape)
        else:
            for index, number in numbers.items():
                arrays[_joined(stem, index)] = np.array(number, dtype=np.float64)
    return arrays


def _scattered(arrays: Arrays) -> dict[str, float]:
    """The inverse of :func:`_gathered`."""
    state = {}
    for stem, array in arrays.items():
        if not stem.startswith(OPTIMIZER):
            for index in np.ndindex(array.shape):
                state[_joined(stem, index)] = float(array[index])
    return state


def _split(name: str) -> tuple[str, tuple[int, ...]]:
    words = name.split(".")
    index: list[int] = []
    while words and words[-1].isdigit():
        index.insert(0, int(words.pop()))
    return ".".join(words), tuple(index)


def _joined(stem: str, index: Sequence[int]) -> str:
    return ".".join([*([stem] if stem else []), *map(str, index)])


def _digest(arrays: Arrays) -> str:
    digest = hashlib.sha256()
    for name in sorted(arrays):
        digest.update(f"{name}{arrays[name].shape}".encode())
        digest.update(arrays[name].tobytes())
    return digest.hexdigest()


def _sealed(about: Mapping[str, Any]) -> str:
    """The description as JSON, behind its own checksum."""
    text = json.dumps(about, ensure_ascii=False)
    return f"{hashlib.sha256(text.encode()).hexdigest()} {text}"


def _read(path: str | Path) -> tuple[dict[str, Any], dict[str, tuple[int, ...]]]:
    from safetensors import SafetensorError, safe_open

    if not Path(path).is_file():
        raise FileError(f"there is no file {path}; give the path of a saved model")
    try:
        with safe_open(str(path), framework="numpy") as file:
            metadata = file.metadata() or {}
            shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    except OSError as error:
        raise FileError(f"cannot read {path}: {error}; check its permissions") from error
    except SafetensorError as error:
        raise _damaged(path, error) from error
    if "neuroflow" not in metadata:
        raise StateError(
            f"{path} is a safetensors file that neuroflow did not write: it says nothing about"
            " its model; give a file made by neuroflow.save or by a run"
        )
    seal, _, text = metadata["neuroflow"].partition(" ")
    if seal != hashlib.sha256(text.encode()).hexdigest():
        raise _damaged(path, "its description does not match its checksum")
    about = json.loads(text)
    if about["format"] != FORMAT:
        raise StateError(
            f"{path} has format {about['format']}, and this neuroflow reads format {FORMAT};"
            f" install neuroflow {about.get('neuroflow', 'of another version')}"
        )
    return about, shapes


def _described(about: Mapping[str, Any], shapes: dict[str, tuple[int, ...]]) -> SavedModel:
    uses = tuple(Used(**used) for used in about["uses"])
    facts = {key: about[key] for key in ("configuration", "data", "state") if key in about}
    return SavedModel(about["spec"], uses, about.get("neuroflow", ""), shapes=shapes, **facts)


def _damaged(path: str | Path, problem: object) -> StateError:
    return StateError(
        f"{path} is damaged or truncated: {problem}; expected a whole .safetensors file,"
        " so copy it again or go back to an earlier one"
    )


def _own_version() -> str:
    from importlib.metadata import version

    return version("neuroflow")
