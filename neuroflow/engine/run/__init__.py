"""Run: programs in the memory of a backend, and whole training steps.

Reading order: :mod:`undone`; with numpy: :mod:`map_code`, :mod:`ragged`, :mod:`pairs`,
:mod:`numpy_executor`; then :mod:`workers`, :mod:`executor`, :mod:`held_inputs`, :mod:`team`,
:mod:`schedule`, :mod:`writes`, :mod:`backends`.
"""
