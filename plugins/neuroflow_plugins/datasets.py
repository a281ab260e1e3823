"""Datasets: examples to learn from."""
