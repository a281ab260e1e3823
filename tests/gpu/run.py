"""What a GPU is to show: the numbers of the other backends, and how fast it gives them.

    python tests/gpu/run.py --out results.json      all of it, in at most five minutes
    python tests/gpu/run.py --device cpu --quick    the checks alone, where there is no GPU

Needs PyTorch, numpy, pluggy and attrs; neuroflow need not be installed. Reading order: ``models``
are what is tried, ``session`` keeps what is found, the checks are here, ``by_hand`` is the model as
it is written in PyTorch, ``scalars`` and ``layers`` take the times. A section that fails is noted,
and the others go on; the exit code is 1 then.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
import time
import tomllib
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # found once this checkout is importable
    from models import Sizes
    from session import Session

ROOT = Path(__file__).resolve().parents[2]


def make_importable(folder: str) -> None:
    """This checkout, with the plugins that its pyproject.toml declares."""
    beside = [ROOT, ROOT / "plugins", ROOT / "docs", Path(__file__).parent, folder]
    sys.path[:0] = map(str, beside)
    try:
        distribution("neuroflow")
    except PackageNotFoundError:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        facts = Path(folder) / "neuroflow-0.0.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: neuroflow\nVersion: 0.0\n")
        points = project["entry-points"]["neuroflow"]
        lines = ["[neuroflow]", *[f"{name} = {target}" for name, target in points.items()]]
        (facts / "entry_points.txt").write_text("\n".join(lines) + "\n")


RECIPES = ("moons", "circles", "multiclass", "function")
LONG_RECIPES = ("addition", "microgpt")
MORE = {"addition": {"optimizer.schedule.warmup": 1}}
"""Changes of a recipe so that it can end after three steps."""


def facts(device: str) -> dict[str, Any]:
    """The card and the versions."""
    import numpy
    import torch

    found = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "python": platform.python_version(), "torch": torch.__version__,
        "numpy": numpy.__version__, "cuda": torch.version.cuda, "device": device,
    }  # fmt: skip
    if device == "cuda":
        from neuroflow.engine.torch import compiler, threads

        found["card"] = torch.cuda.get_device_name()
        found["free GB"] = round(torch.cuda.mem_get_info()[0] / 1e9, 1)
        start = time.perf_counter()
        try:
            compiler._by_torch(threads.shares("float"))
            found["kernels by"] = "PyTorch"
        except Exception as error:
            found["kernels by"] = f"not PyTorch: {type(error).__name__}: {str(error)[:300]}"
            compiler.compiled(threads.shares("float"))
        found["first kernel, seconds"] = round(time.perf_counter() - start, 2)
    return found


# Checks


def check_instructions(device: str, dtype: str) -> dict[str, Any]:
    """Every instruction, gradient and training step against array code; the largest error."""
    import numpy as np

    from neuroflow.checks.kinds.executors import LOSSES, MANY, answers
    from neuroflow.engine.torch.backend import torch_backend
    from neuroflow.registry.manager import get

    def make(dtype: str, n: int, limit: int | None) -> Any:
        return torch_backend(dtype, n, limit, device)

    reference, worst, wrong = get("backend", "numpy").load(), 0.0, []
    relative, absolute = (1e-9, 1e-12) if dtype == "float64" else (2e-4, 1e-5)
    for name, loss in LOSSES.items():
        for count in (1, MANY):
            want = answers(reference, loss, "float64", count)
            for what, got in answers(make, loss, dtype, count).items():
                worst = max(worst, float(np.abs(np.subtract(got, want[what])).max(initial=0)))
                if not np.allclose(got, want[what], relative, absolute):
                    wrong.append(f"{what} of {name} for {count}")
    return {"right": not wrong, "largest difference": worst, "wrong": wrong}


def steps_of(runner: Any, n: int = 64, count: int = 4) -> tuple[list[float], list[float]]:
    """The losses of some steps, and the parameters after them."""
    losses = runner.run([[*range(n)]] * count, [0.01] * count)
    return losses, [parameter.data for parameter in runner.parameters]


def furthest(a: Any, b: Any) -> float:
    """The largest difference of numbers in lists of lists."""
    if isinstance(a, (int, float)):
        return abs(a - b)
    return max((furthest(x, y) for x, y in zip(a, b, strict=True)), default=0.0)


def check_gpt(device: str, dtype: str, sizes: Sizes) -> dict[str, Any]:
    """Losses, gradients and parameters of a GPT against array code, with an uneven batch."""
    from models import gpt_runner

    runs = {}
    for backend in ("numpy", "torch"):
        where = device if backend == "torch" else "auto"
        runner = gpt_runner(sizes, 70, backend, dtype, where, l2=1e-3, clip_norm=0.7)
        gradient = runner.gradients([*range(70)])
        uneven = runner.run([[*range(70)], [*range(41)], [3]], [0.01] * 3)
        runs[backend] = gradient[0], gradient[1], uneven, [p.data for p in runner.parameters]
    names = ("loss", "gradient", "losses of steps", "parameters")
    pairs = zip(names, runs["torch"], runs["numpy"], strict=True)
    found = {name: furthest(a, b) for name, a, b in pairs}
    limit = 1e-11 if dtype == "float64" else 2e-3
    return {"right": max(found.values()) < limit, **found}


def check_recipe(device: str, name: str) -> dict[str, Any]:
    """The first losses of a recipe against array code."""
    import neuroflow as nf

    losses = {}
    for backend in ("numpy", "torch"):
        changes: dict[str, Any] = {
            "train.backend": backend,
            "train.steps": 3,
            "train.dtype": "float64",
        }
        changes |= MORE.get(name, {})
        if backend == "torch":
            changes["train.device"] = device
        losses[backend] = [step.loss for step in nf.train(name, changes)]
    difference = furthest(losses["torch"], losses["numpy"])
    return {"right": difference < 1e-10, "difference": difference, "losses": losses["torch"]}


def check_third_party(device: str) -> dict[str, Any]:
    """An op that nobody here has seen, and one whose rule cannot be compiled."""
    import warnings

    import neuroflow as nf

    @nf.op
    def bump(x: Any) -> Any:
        return nf.where(x > 0.25, nf.exp(-x * x), x * nf.tanh(3.0 * x))

    @nf.op
    def python_only(x: Any) -> Any:
        return x * 0.5 if float(x) < 0.1 else x

    @python_only.partials
    def _(out: Any, x: Any) -> Any:
        return (0.5 if float(x) < 0.1 else 1.0,)

    found: dict[str, Any] = {}
    for op in (bump, python_only):
        results = {}
        for backend in ("eager", "torch"):
            model = nf.build("mlp", sizes=[2, 5, 1], activation="linear", rng=nf.SplitMix32(3))
            examples = [([0.1 * k - 1.0, 0.3], 0.5) for k in range(40)]
            square = nf.get("loss", "mse").load()
            adam = nf.get("optimizer", "adam").load()

            def loss(model: Any, x: Any, y: Any, op: Any = op, square: Any = square) -> Any:
                return square(op(model(x)), y)

            where = device if backend == "torch" else "auto"
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                runner = nf.make_runner(model, loss, examples, adam, backend=backend, device=where)
                results[backend] = steps_of(runner, 40, 3)
        found[op.name] = furthest(results["torch"], results["eager"])
    return {"right": max(found.values()) < 1e-11, **found}


def check_bits(device: str, dtype: str) -> dict[str, Any]:
    """The same bits again: run twice, resumed half way, and with nothing captured."""
    from models import MICRO, TINY, gpt_runner

    sizes = MICRO if device == "cuda" else TINY
    first = steps_of(gpt_runner(sizes, 64, "torch", dtype, device))
    again = steps_of(gpt_runner(sizes, 64, "torch", dtype, device))
    whole = gpt_runner(sizes, 64, "torch", dtype, device)
    uncaptured = gpt_runner(sizes, 64, "torch", dtype, device)
    uncaptured.executor.captures = False
    uncaptured.executor.bind()
    half = gpt_runner(sizes, 64, "torch", dtype, device)
    steps_of(half, count=2)
    resumed = gpt_runner(sizes, 64, "torch", dtype, device)
    for mine, theirs in zip(resumed.parameters, half.parameters, strict=True):
        mine.data = theirs.data
    resumed.load_state_dict(half.state_dict())
    later = steps_of(resumed, count=2)
    found = {
        "again": first == again,
        "uncaptured": steps_of(uncaptured) == first,
        "in two calls": [steps_of(whole, count=2)[0] + steps_of(whole, count=2)[0]] == [first[0]],
        "resumed": later[1] == first[1] and later[0] == first[0][2:],
    }
    return {"right": all(found.values()), **found}


def check_bfloat16(device: str) -> dict[str, Any]:
    """Rounded matrix products: near float32, and not the same."""
    from models import MICRO, TINY, gpt_runner

    sizes = MICRO if device == "cuda" else TINY
    exact = steps_of(gpt_runner(sizes, 64, "torch", "float32", device))[0]
    rounded = steps_of(gpt_runner(sizes, 64, "torch", "bfloat16", device))[0]
    difference = furthest(exact, rounded)
    return {"right": 0 < difference < 0.05, "difference": difference, "losses": rounded}


# All of it


def main() -> int:
    """Run all sections; exit code 1 if one is wrong, failed, or had no time."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, help="where to write the results as JSON")
    parser.add_argument("--quick", action="store_true", help="the checks alone, the cheap ones")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--minutes", type=float, default=4.5, help="no section begins after these")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        make_importable(folder)
        from session import Session

        session = Session(given.device, given.minutes)
        checks(session, given.quick)
        if not given.quick:
            every_figure(session)
        return told(session, given.out)


def checks(session: Session, quick: bool) -> None:
    """That the numbers are right."""
    import layers
    from models import MICRO, TINY

    device = session.device
    session.section("facts", lambda: facts(device))
    for dtype in ("float64", "float32"):
        session.section(f"instructions {dtype}", lambda d=dtype: check_instructions(device, d))
        sizes = TINY if quick else {**MICRO, "block_size": 8}
        session.section(f"gpt {dtype}", lambda d=dtype, s=sizes: check_gpt(device, d, s))
    session.section("third-party ops", lambda: check_third_party(device))
    session.section("the same bits", lambda: check_bits(device, "float32"))
    session.section("bfloat16", lambda: check_bfloat16(device))
    session.section("layers and scalars", lambda: layers.check_scalars(device))
    session.section("layers and by hand", lambda: layers.check_hand(device))
    for name in RECIPES[:1] if quick else RECIPES:
        session.section(f"recipe {name}", lambda name=name: check_recipe(device, name))


def every_figure(session: Session) -> None:
    """How fast it is, and what else can be had on this card."""
    import layers
    import scalars

    scalars.of_scalars(session, "micro", scalars.BATCHES["micro"])
    for how in ("eager", "graph"):
        scalars.of_hand(session, how)
    scalars.of_scalars(session, "small", scalars.BATCHES["small"])
    layers.figures(session, "eager")
    layers.figures(session, "compiled")
    scalars.of_hand(session, "compiled")
    scalars.of_scalars(session, "micro", (512,), "bfloat16")
    session.section("layers in training", lambda: layers.check_training(session.device))
    for name in LONG_RECIPES:
        session.section(f"recipe {name}", lambda name=name: check_recipe(session.device, name))


def told(session: Session, out: Path | None) -> int:
    """The results on the screen and in a file."""
    from results import table_of_gpu_layers, table_of_gpu_scalars

    if out:
        out.write_text(json.dumps(session.found, indent=1) + "\n")
    for title, table in (
        ("A GPT of scalars, ms per step", table_of_gpu_scalars(session.found)),
        ("A GPT of layers, ms per step", table_of_gpu_layers(session.found)),
    ):
        print(f"\n{title}\n{table}")
    bad = session.bad()
    print(f"\nwrong, failed or skipped: {', '.join(bad) or 'nothing'}")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
