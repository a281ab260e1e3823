"""Checks of what plugins offer, of every kind: one file per idea.

Reading order: :mod:`findings`, :mod:`causes` (which are of one mistake), :mod:`report` (what was
found), :mod:`messages`, :mod:`subject` (what is checked),
:mod:`numeric`, :mod:`probes` and :mod:`far_points` (where to look). Readers of what an author
wrote: :mod:`branches` of source; of formulas :mod:`latex_tokens`, :mod:`latex_words`,
:mod:`latex_algebra`,
:mod:`latex_reader`, :mod:`latex`, :mod:`latex_statements`, :mod:`latex_symbols`. Checks of ops:
:mod:`surfaces`, :mod:`first_look` (does it work at all?), :mod:`declared`, :mod:`values`,
:mod:`slopes`, :mod:`search`, :mod:`exact`, :mod:`breaks`, :mod:`kinks`, :mod:`extremes`,
:mod:`backends`, in the table of :mod:`ops`; :mod:`activations`. Of the rest:
:mod:`variations` (settings to try), :mod:`formulas`, :mod:`running`; losses:
:mod:`loss_examples`, :mod:`labels`, :mod:`loss_formula`, :mod:`loss_curvature`, :mod:`losses`;
layers: :mod:`layer_trials`,
:mod:`layer_parameters`, :mod:`layer_rebuilding`, :mod:`layer_calls`, :mod:`layer_engines`,
:mod:`layer_forms`, :mod:`layers`; :mod:`schedules`, :mod:`matrices`, :mod:`initializers`,
:mod:`datasets`, :mod:`tokenizers`, :mod:`metrics`, :mod:`optimizer_formula`, :mod:`optimizers`,
:mod:`executors` (backends), :mod:`recipes`, :mod:`observers`, :mod:`exporters`, :mod:`others`; of
all, :mod:`settings` and :mod:`examples`. In front: :mod:`selection` (who is meant),
:mod:`time_limit`, :mod:`check`, :mod:`matrix`, :mod:`gradcheck`. What is known for all numbers:
:mod:`symbols` (formulas and kernels as expressions), :mod:`regions`, :mod:`enclosures`,
:mod:`proofs`; and the file that says it all, :mod:`certificate`.
"""
