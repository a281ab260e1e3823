"""Padding: texts of many lengths compiled as texts of a few, filled up and masked exactly.

Reading order: :mod:`lengths` chooses the few; :mod:`prefix` finds out from the graphs whether a
longer text begins as a shorter one, so that filling up changes nothing; :mod:`padded` fills up.
"""
