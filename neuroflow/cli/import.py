"""``neuroflow import FILE``: a model that another program wrote, as one of neuroflow."""

from __future__ import annotations

from pathlib import Path

import click

from neuroflow.cli.shared.output import json_option, print_json, say


@click.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--from", "importer", required=True, metavar="NAME",
    help="Who reads it; NAME is one of: neuroflow list importers.",
)  # fmt: skip
@click.option(
    "--out", required=True, type=click.Path(path_type=Path), metavar="MODEL",
    help="The .safetensors file to write.",
)  # fmt: skip
@json_option
def command(file: Path, importer: str, out: Path, as_json: bool) -> None:
    """Read FILE, a model that another program wrote, and save it as MODEL.

    MODEL is then predicted with, evaluated, drawn or exported as any other. safetensors reads
    plain matrices by the names of PyTorch, with a config.json beside them: what
    'neuroflow export --to safetensors' writes. transformers reads the folder of a
    published language model of the families llama, mistral, qwen2, qwen3, gpt2 and
    gpt_neox.

    \b
    Examples:
      neuroflow import out/w.safetensors --from safetensors --out w.safetensors
      neuroflow import SmallModel --from transformers --out small.safetensors
      neuroflow import w.json --from plain_json --out w.safetensors --plugin my.py
    """
    from neuroflow.export.importing import import_model

    model = import_model(file, importer, out)
    n_parameters = len(model.state_dict())
    if as_json:
        print_json({"file": str(out), "model": type(model).__name__, "parameters": n_parameters})
        return
    say(str(out))
