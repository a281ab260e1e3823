"""Pictures without external programs: computation graphs and networks, as SVG and as pages.

Reading order: :mod:`graph` (boxes in boxes), :mod:`layout`, :mod:`scene`, :mod:`svg`,
:mod:`network`, :mod:`page`, :mod:`drawing`.
"""
