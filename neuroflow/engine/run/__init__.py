"""Run: programs in the memory of a backend, and whole training steps.

Reading order: :mod:`undone`, :mod:`numpy_executor`, :mod:`workers`, :mod:`executor`, :mod:`team`,
:mod:`schedule`, :mod:`writes`, :mod:`backends`.
"""
