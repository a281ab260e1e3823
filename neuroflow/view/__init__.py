"""Pictures without external programs: computation graphs and networks, as SVG and as pages.

Reading order: :mod:`markup`, :mod:`looks`, :mod:`boxes`, :mod:`nesting`, :mod:`graph`,
:mod:`graph_data`, :mod:`layout`, :mod:`scene`, :mod:`svg`, :mod:`network`, :mod:`network_svg`,
:mod:`attention`, :mod:`page`, :mod:`drawing`. Of runs: :mod:`chart`, :mod:`outcome`, :mod:`figure`,
:mod:`plots`, :mod:`terminal`, :mod:`curves`, :mod:`plain_table`, :mod:`evaluation_picture`,
:mod:`evaluation_figure`. In a notebook: :mod:`cards`, :mod:`progress`, :mod:`plotting`. Of
entries: :mod:`formulas`, :mod:`entry_curves`; of all of them, :mod:`matrix_page`.
"""
