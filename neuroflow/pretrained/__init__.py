"""Published models: the files that others trained, as models whose every number is a Value.

Reading order: :mod:`keys` (what a config.json says, each key read or refused), :mod:`folder` (the
tensors beside it), :mod:`families` (what llama, mistral, qwen2, qwen3, gpt2 and gpt_neox call
their settings and tensors), :mod:`loading` (the model).
"""
