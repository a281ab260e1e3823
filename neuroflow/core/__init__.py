"""The core: numbers that remember, ops, the chain rule and modules.

Reading order: :mod:`domain`, :mod:`types`, :mod:`settings`, :mod:`inputs`, :mod:`chaining`, then
the chapter itself, :mod:`value` and :mod:`gradient`, to be read in one go (and at first without
what stands before it); :mod:`vectors`, :mod:`kinds`, :mod:`functions`, :mod:`op`,
:mod:`configured`, :mod:`module`; beside them :mod:`no_grad`, :mod:`forward_mode`, :mod:`random`,
:mod:`random_input` and :mod:`update_rule`.
"""

from neuroflow.core import functions as functions  # what ``x ** y`` means is written there
from neuroflow.core import gradient as gradient
from neuroflow.core import vectors as vectors
