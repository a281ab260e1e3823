"""Data: examples to learn from, functions as text, and how well counting predicts a text.

Reading order: :mod:`table`, :mod:`frames`, :mod:`shapes`, :mod:`prompting`, :mod:`dataset`,
:mod:`facts`, :mod:`given`, :mod:`expression`, :mod:`baselines`.
"""
