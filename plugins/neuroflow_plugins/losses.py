"""Losses: how wrong one prediction is."""
