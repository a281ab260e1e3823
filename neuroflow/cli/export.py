"""``neuroflow export MODEL``: a model for another program."""

from __future__ import annotations

from pathlib import Path

import click

from neuroflow.cli.shared.output import json_option, note, print_json, say


@click.command()
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--to", required=True, metavar="python|c|safetensors|onnx|NAME",
    help="What to write; NAME is one of: neuroflow list exporters.",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE",
    help="Where; a file of the model's name if left out.",
)  # fmt: skip
@click.option(
    "--dtype", type=click.Choice(["float64", "float32"]), default="float64",
    help="The numbers of a safetensors file.",
)  # fmt: skip
@json_option
def export(model: Path, to: str, out: Path | None, dtype: str, as_json: bool) -> None:
    """Write MODEL, a run folder or a .safetensors file, for another program.

    python is one readable file without dependencies that answers to the bit, and trains on from a
    run folder; c is one file of C99; safetensors has plain matrices by the names of PyTorch, with
    a config.json; onnx is float32, written by PyTorch and tried with onnxruntime.

    \b
    Examples:
      neuroflow export runs/moons --to python --out moons.py
      neuroflow export runs/moons --to c --out moons.c
      neuroflow export runs/names --to safetensors --out names/model.safetensors
      neuroflow export model.safetensors --to onnx --out model.onnx
    """  # fmt: skip
    from neuroflow.export.destinations import export as write

    done = write(model, to, out, dtype)
    if as_json:
        print_json({"files": [str(path) for path in done.files], "notes": list(done.notes)})
        return
    for path in done.files:
        say(str(path))
    for text in done.notes:
        note(text)
