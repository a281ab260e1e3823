"""Data: examples to learn from, functions as text, and how well counting predicts a text.

Reading order: :mod:`rows`, :mod:`notation`, :mod:`columns`, :mod:`kinds`, :mod:`preparation`,
:mod:`cells`, :mod:`table`, :mod:`decimals`, :mod:`distinct`, :mod:`formats`, :mod:`reading`,
:mod:`frames`, :mod:`shapes`, :mod:`prompting`, :mod:`one_hot`,
:mod:`dataset`, :mod:`weights`, :mod:`tabular`, :mod:`facts`,
:mod:`asked`, :mod:`given`, :mod:`as_written`, :mod:`expression`, :mod:`baselines`.
"""
