"""The core: numbers that remember, ops, the chain rule and modules.

Reading order: :mod:`advice`, :mod:`types`, :mod:`inputs`, :mod:`domain`, :mod:`settings`,
:mod:`rules` (what authors of ops are told: to be left out), :mod:`ieee`, :mod:`kinds`, then the
chapter itself, :mod:`value`, :mod:`careful` (which can be left out at first, as can what stands
before the chapter) and :mod:`gradient`, to be read in one go; :mod:`derivatives`, :mod:`vectors`,
:mod:`functions`, :mod:`op`, :mod:`configured`, :mod:`module`; beside them :mod:`no_grad`,
:mod:`forward_mode`, :mod:`random`, :mod:`random_input`, :mod:`update_rule` and :mod:`protocols`.
"""

from neuroflow.core import functions as functions  # what ``x ** y`` means is written there
from neuroflow.core import gradient as gradient
from neuroflow.core import vectors as vectors
from neuroflow.core.protocols import copies as copies  # how Values and ops are copied is there
