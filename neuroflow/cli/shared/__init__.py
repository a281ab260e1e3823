"""What several commands share; every other file of :mod:`neuroflow.cli` is a command.

Reading order: :mod:`screen` and :mod:`streams` (nothing steers the terminal), :mod:`output`
(what is printed, and how), :mod:`plugin_files` (``--plugin``), :mod:`answers` (what a model says
to rows), :mod:`texts` (models of texts), :mod:`entries` (an entry in words),
:mod:`topics` (what a name on the command line means), :mod:`progress` (a run while it goes on),
:mod:`summary` (a run at its end), :mod:`watching` (a page beside it), :mod:`workers`
(several processes that make one run), :mod:`words` (what can be completed).
"""
