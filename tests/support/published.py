"""Small random models of transformers, as it writes them, with their logits in float64.

    python -m tests.support.published FOLDER

writes for each of ``MODELS`` a folder, and ``expected.json`` beside its files. That is a process of
its own, as transformers leaves threads behind, and is made to count in float64 where it asks for
float32 by name.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

IDS = [3, 1, 4, 1, 5, 9, 2, 6]
LLAMA = {
    "vocab_size": 13, "hidden_size": 8, "intermediate_size": 12, "num_hidden_layers": 2,
    "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 16,
}  # fmt: skip
ROPE = {
    "rope_type": "llama3", "rope_theta": 100.0, "factor": 8.0, "low_freq_factor": 1.0,
    "high_freq_factor": 4.0, "original_max_position_embeddings": 12,
}  # fmt: skip
LINEAR = {"rope_type": "linear", "rope_theta": 50.0, "factor": 3.0}
GPT2 = {"vocab_size": 13, "n_positions": 16, "n_embd": 8, "n_layer": 2, "n_head": 2}
NEOX = {
    "vocab_size": 13, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2,
    "intermediate_size": 12, "max_position_embeddings": 16,
}  # fmt: skip
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "llama": ("Llama", {**LLAMA, "rope_parameters": ROPE, "attention_bias": True}),
    "llama, linear and tied": (
        "Llama",
        {**LLAMA, "rope_parameters": LINEAR, "mlp_bias": True, "tie_word_embeddings": True},
    ),
    "mistral": ("Mistral", {**LLAMA, "sliding_window": 3, "head_dim": 6}),
    "qwen2": ("Qwen2", {**LLAMA, "rms_norm_eps": 0.01}),
    "qwen2, window": (
        "Qwen2",
        {**LLAMA, "use_sliding_window": True, "sliding_window": 2, "max_window_layers": 0},
    ),
    "qwen3": ("Qwen3", {**LLAMA, "head_dim": 6}),
    "gpt2": ("GPT2", {**GPT2, "layer_norm_epsilon": 0.01}),
    "gpt_neox": ("GPTNeoX", NEOX),
    "gpt_neox, in a row": ("GPTNeoX", {**NEOX, "use_parallel_residual": False}),
}
HEADS = {"GPT2": "GPT2LMHeadModel"}


def main(folder: Path) -> None:
    import torch

    models = {name: written(torch, folder / name, *model) for name, model in MODELS.items()}
    torch.float32 = torch.float = torch.float64
    torch.Tensor.float = torch.Tensor.double
    for name, model in models.items():
        logits = logits_in_float64(torch, model)
        (folder / name / "expected.json").write_text(json.dumps(logits))


def written(torch: Any, folder: Path, family: str, settings: dict[str, Any]) -> Any:
    """A model of random numbers, biases and gains too, which its folder holds now."""
    import transformers

    torch.manual_seed(0)
    config = getattr(transformers, f"{family}Config")(**settings)
    model = getattr(transformers, HEADS.get(family, f"{family}ForCausalLM"))(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter += 0.3 * torch.randn_like(parameter)
    model.save_pretrained(folder)
    return model


def logits_in_float64(torch: Any, model: Any) -> list[list[float]]:
    model = model.double()
    for module in model.modules():
        if hasattr(module, "inv_freq"):
            module.__init__(model.config)
    with torch.no_grad():
        logits = model(torch.tensor([IDS])).logits[0]
    assert logits.dtype == torch.float64
    return logits.tolist()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
