"""The kinds that a new plugin may begin with: what each template offers, and how it is used."""

from __future__ import annotations

from attrs import frozen


@frozen
class Beginning:
    """One kind to begin with: its template in words, and the lines of a README that use it."""

    name: str
    offers: str
    usage: str
    hooks: tuple[str, ...]
    others: tuple[str, ...] = ()
    """Kinds whose entries its file offers too."""

    @property
    def entries(self) -> tuple[str, ...]:
        """The kinds of entries that its file offers."""
        return () if self.name == "command" else (self.name, *self.others)


def _python(*lines: str) -> str:
    return "\n".join(["```python", *lines, "```"])


def _toml(*lines: str) -> str:
    return "\n".join(["```toml", *lines, "```"])


def _shell(*lines: str) -> str:
    return "\n".join(["```sh", *lines, "```"])


KINDS = {
    kind.name: kind
    for kind in (
        Beginning("op", "the op `$name`", _python(
            "import neuroflow as nf", "", "x = nf.Value(2.0)",
            "y = x.$name()  # chaining, as for any bundled op", "y.backward()",
            "print(y.data, x.grad)",
        ), ("neuroflow_activations", "neuroflow_ops"), ("activation",)),
        Beginning("activation", "the activation `$name`",
             _toml("[model]", 'use = "mlp"', 'activation = "$namespace/$name"'),
             ("neuroflow_activations",)),
        Beginning("loss", "the loss `$name`", _toml("[loss]", 'use = "$namespace/$name"'),
             ("neuroflow_losses",)),
        Beginning("metric", "the metric `$name`",
             _toml("[train]", 'metrics = ["$namespace/$name"]'), ("neuroflow_metrics",)),
        Beginning("layer", "the layer `$name`",
             _toml("[model]", 'use = "$namespace/$name"', "inputs = 2"), ("neuroflow_layers",)),
        Beginning("optimizer", "the optimizer `$name`",
             _toml("[optimizer]", 'use = "$namespace/$name"'), ("neuroflow_optimizers",)),
        Beginning("schedule", "the schedule `$name`",
             _toml("[optimizer]", 'schedule = "$namespace/$name"'), ("neuroflow_schedules",)),
        Beginning("initializer", "the initializer `$name`",
             _toml("[model]", 'use = "mlp"', 'initializer = "$namespace/$name"'),
             ("neuroflow_initializers",)),
        Beginning("dataset", "the dataset `$name`", _toml("[data]", 'use = "$namespace/$name"'),
             ("neuroflow_datasets",)),
        Beginning("tokenizer", "the tokenizer `$name`", _toml(
            "[data]", 'use = "lines"', 'path = "names.txt"', 'tokenizer = "$namespace/$name"',
        ), ("neuroflow_tokenizers",)),
        Beginning("backend", "the backend `$name`",
             _toml("[train]", 'backend = "$namespace/$name"'), ("neuroflow_backends",)),
        Beginning("recipe", "the recipe `$name`", _shell("neuroflow train $namespace/$name"),
             ("neuroflow_recipes",)),
        Beginning("observer", "the observer `$name`",
             _toml("[train]", 'observers = ["$namespace/$name"]'), ("neuroflow_observers",)),
        Beginning("exporter", "the exporter `$name`",
                  _shell("neuroflow export runs/moons --to $namespace/$name"),
                  ("neuroflow_exporters",)),
        Beginning("importer", "the importer `$name`",
                  _shell("neuroflow import model.json --from $namespace/$name --out"
                         " model.safetensors"),
                  ("neuroflow_importers",)),
        Beginning("check", "the check `$name`", _shell("neuroflow check all"),
                  ("neuroflow_checks",)),
        Beginning("format", "the format `$name`",
                  _toml("[data]", 'use = "csv"', 'path = "table.$name"', 'target = "y"'),
                  ("neuroflow_formats",)),
        Beginning("panel", "the panel `$name`", _shell("neuroflow demo function"),
                  ("neuroflow_panels",)),
        Beginning("look", "the look `$name`", _shell("neuroflow draw runs/names -o network.svg"),
                  ("neuroflow_looks",)),
        Beginning("command", "the command `$command`", _shell("neuroflow $command"),
             ("neuroflow_commands",)),
    )
}  # fmt: skip
"""In the order in which a README tells them."""
