"""Data: examples to learn from, functions as text, and how well counting predicts a text.

Reading order: :mod:`table`, :mod:`dataset`, :mod:`facts`, :mod:`expression`, :mod:`baselines`.
"""
