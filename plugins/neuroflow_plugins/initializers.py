"""Initializers: how weights are drawn."""
