"""Run: programs in the memory of a backend, and whole training steps.

Reading order: :mod:`executor`, :mod:`schedule`, :mod:`numpy_executor`, :mod:`backends`.
"""
