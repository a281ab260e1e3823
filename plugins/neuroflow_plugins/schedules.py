"""Schedules: the learning rate over time."""
