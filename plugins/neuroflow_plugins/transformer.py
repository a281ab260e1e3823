"""Transformers, layer by layer."""
