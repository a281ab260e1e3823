"""What the core stands on, each file to be read on its own: errors, numbers, names.

Reading order: :mod:`errors`, :mod:`domain`, :mod:`resolver`, :mod:`kinds`, :mod:`elementary`,
:mod:`rules`, :mod:`random`.
"""
