"""The registry: what plugins offer, by name, and who offers it.

Reading order: :mod:`points` (what is installed), :mod:`capture` (what plugins print),
:mod:`manners` (what they may not change), :mod:`for_checks` (what authors tell the checks),
:mod:`entries` (what can be offered), :mod:`recipe_files`, :mod:`hooks` (how),
:mod:`registry` (from names to entries), :mod:`source_file` (one file as a module),
:mod:`discovery` (finding and loading plugins so that no broken one can break anything),
:mod:`lookups` (who asked for which), :mod:`manager` (those of this process), :mod:`local` (what a
notebook or one file offers), :mod:`isolation` (each in a process of its own).
"""
