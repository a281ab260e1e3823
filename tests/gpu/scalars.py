"""How fast a GPU trains a GPT of scalars, and what else can be had on the same card.

Each figure says of which model, in which way, on how large a batch: tables are made from that.
"""

from __future__ import annotations

import time
from statistics import median
from typing import Any

import by_hand
import torch
from models import MICRO, SMALL, Sizes, gpt_runner
from session import Session

MODELS = {"micro": MICRO, "small": SMALL}
BATCHES = {"micro": (32, 512, 8192), "small": (64, 512)}


def of_scalars(
    session: Session, name: str, batches: tuple[int, ...], dtype: str = "float32"
) -> None:
    """Milliseconds per step, for each batch; one model, so that it is traced once."""
    made: list[Any] = []

    def make() -> dict[str, Any]:
        made.append(gpt_runner(MODELS[name], max(batches), "torch", dtype, session.device))
        return {"parameters": len(made[0].parameters)}

    session.section(f"{name} {dtype} made", make)
    for batch in batches:
        figure = {"model": name, "batch": batch, "way": f"neuroflow, {dtype}"}
        title = f"{name} {dtype} batch {batch}"
        session.section(
            title, lambda batch=batch, f=figure: f | step_time(made[0], batch, session.device)
        )
        if batch == batches[-1]:
            session.section(f"{title}, kernels", lambda batch=batch: kernels(made[0], batch))


def step_time(runner: Any, batch: int, device: str) -> dict[str, Any]:
    """The median of seven runs, less what a call costs beside its steps.

    Half a second of steps goes before: a card that had nothing to do begins slowly.
    """
    chosen = [*range(batch)]

    def seconds(n: int) -> float:
        start = time.perf_counter()
        runner.run([chosen] * n, [0.001] * n)
        return time.perf_counter() - start

    first = seconds(1)
    seconds(3)
    n = 40 if seconds(3) < 0.5 else 10
    begun = time.perf_counter()
    while time.perf_counter() - begun < 0.5:
        seconds(n)
    call = median(seconds(1) for _ in range(7))
    step = median((seconds(1 + n) - call) / n for _ in range(7))
    executor, program = runner.executor, runner.executor.programs[-1]
    calls = {f"part {part}": len(executor._calls_of(len(executor.programs) - 1, part))
             for part in range(4)}  # fmt: skip
    peak = torch.cuda.max_memory_allocated() / 1e9 if device == "cuda" else 0.0
    return {
        "ms": round(step * 1e3, 4), "a call of run beside its steps, ms": round(call * 1e3, 2),
        "first, seconds": round(first, 2), "instructions": program.n_instructions,
        "calls": calls, "lanes": program.lanes, "memory GB": round(peak, 2),
    }  # fmt: skip


def kernels(runner: Any, batch: int, steps: int = 5) -> dict[str, Any]:
    """Where the time of a step goes on the device: kernels by their time."""
    from torch.profiler import ProfilerActivity, profile

    chosen, both = [*range(batch)], [ProfilerActivity.CUDA, ProfilerActivity.CPU]
    with profile(activities=both, acc_events=True) as profiler:
        runner.run([chosen] * steps, [0.001] * steps)
    total: dict[str, list[float]] = {}
    for event in profiler.events():
        if str(event.device_type).endswith("CUDA"):
            taken = total.setdefault(event.name[:90], [0, 0.0])
            taken[0] += 1
            taken[1] += event.time_range.elapsed_us()
    ranked = sorted(total.items(), key=lambda item: -item[1][1])
    return {
        "kernels ms": round(sum(us for _, us in total.values()) / steps / 1e3, 4),
        "kernels per step": round(sum(n for n, _ in total.values()) / steps, 1),
        "by time": [[name, n / steps, round(us / steps, 1)] for name, (n, us) in ranked[:16]],
    }


def of_hand(session: Session, how: str) -> None:
    """The same models in PyTorch, on the same device in the same run."""
    for name, batches in BATCHES.items():
        for batch in batches:
            session.section(
                f"by hand, {how}: {name} batch {batch}",
                lambda name=name, batch=batch: hand_time(session.device, name, batch, how),
            )


def hand_time(device: str, name: str, batch: int, how: str) -> dict[str, Any]:
    """Milliseconds per step of a model written by hand."""
    sizes: Sizes = MODELS[name]
    step = by_hand.step_of(by_hand.GPT(**sizes).to(device), sizes["block_size"], batch, how, device)
    ms = round(by_hand.milliseconds(step, device, 30), 4)
    return {"model": name, "batch": batch, "way": f"by hand, {how}", "ms": ms}
