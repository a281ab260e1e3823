"""Run folders: a training run that outlives its process.

A folder holds ``config.toml`` (every setting, defaults included), ``metrics.jsonl`` (one line
per step) and ``checkpoint.safetensors``. A run killed at any moment and resumed replays the
part after its last checkpoint, and ends with the same bits as a run that was never stopped.

In reading order: ``facts``, ``metrics``, ``folder``.
"""

from neuroflow.checkpoint import CHECKPOINT
from neuroflow.run.facts import data_facts, make_tokenizer, tokenizer_table
from neuroflow.run.folder import CONFIGURATION, Run
from neuroflow.run.metrics import METRICS, read_metrics

__all__ = [
    "CHECKPOINT",
    "CONFIGURATION",
    "METRICS",
    "Run",
    "data_facts",
    "make_tokenizer",
    "read_metrics",
    "tokenizer_table",
]
