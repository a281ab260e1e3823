"""What checks of every kind share: what was found, and what is tried.

Reading order: :mod:`findings`, :mod:`causes` (which are of one mistake), :mod:`report` (what was
found), :mod:`messages`, :mod:`subject` (what is checked), :mod:`numeric` (slopes without a rule),
:mod:`variations` (settings to try).
"""
