"""How Values and ops take part in what Python does with any object: numbers, copies, pickles.

Reading order: :mod:`calls` (who runs the calls of modules), :mod:`floats` (what a Value does that
a float does), :mod:`chaining` (what ``x.relu()`` means), :mod:`copies`, :mod:`uncopied`,
:mod:`definitions`, :mod:`drawing` (what ``rng`` may be), :mod:`frozen` (what training leaves
alone), :mod:`modes` (who asks whether it trains), :mod:`shown`.
Nothing here is needed to follow a derivative: who reads how the core works can leave it out.
"""
