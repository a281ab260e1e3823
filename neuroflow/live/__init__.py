"""Live pages: networks that learn on screen, with every number taken from the real graph.

Reading order: :mod:`messages` (from a page), :mod:`choices`, :mod:`offers`, :mod:`setup` (what can
be chosen), :mod:`floats`, :mod:`inside`, :mod:`pictures`, :mod:`panels`, :mod:`words`,
:mod:`frames` (to a page), :mod:`telling`, :mod:`receipts`, :mod:`language`, :mod:`looking` (what
can be asked of a run), :mod:`history`, :mod:`tab` (a page with its network).
Around it: :mod:`worker` (in the browser), :mod:`assets`, :mod:`conversation`,
:mod:`connections`, :mod:`server`, :mod:`opening` (the browser), :mod:`export` and :mod:`watch` (a
run on a page). The pages themselves lie in ``static``.
"""
