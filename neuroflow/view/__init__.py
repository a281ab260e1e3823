"""Pictures without external programs: computation graphs and networks, as SVG and as pages.

Reading order: :mod:`graph` (boxes in boxes), :mod:`layout`, :mod:`scene`, :mod:`svg`,
:mod:`network`, :mod:`attention`, :mod:`page`, :mod:`drawing`. Of runs: :mod:`chart`,
:mod:`outcome`, :mod:`plots`, :mod:`terminal`. Of rules: :mod:`formulas`.
"""
