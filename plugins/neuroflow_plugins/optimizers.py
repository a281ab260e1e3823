"""Optimizers: update rules of one parameter."""
