"""Backends: engines that run compiled functions."""
