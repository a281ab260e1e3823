"""The core: numbers that remember, ops, the chain rule and modules.

Reading order: :mod:`domain`, :mod:`vectors`, :mod:`value`, :mod:`gradient`, :mod:`module`,
:mod:`op`, :mod:`resolver`, :mod:`kinds`, :mod:`functions`, :mod:`arithmetic`; beside them
:mod:`random`, :mod:`random_input` and :mod:`update_rule`.
"""
