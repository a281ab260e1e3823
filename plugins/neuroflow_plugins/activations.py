"""Activations: what a layer applies to the numbers that it computes."""
