"""The core: numbers that remember, ops, the chain rule and modules.

Reading order: :mod:`domain`, :mod:`value`, :mod:`op`, :mod:`arithmetic`, :mod:`gradient`,
:mod:`module`; beside it :mod:`kinds`, :mod:`functions`, :mod:`vectors`, :mod:`random`,
:mod:`random_input` and :mod:`update_rule`.
"""
