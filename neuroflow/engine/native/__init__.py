"""Native code: a machine in a small language, compiled by LLVM and kept on disk.

Reading order: :mod:`language`, :mod:`builder`, :mod:`vectors`, :mod:`exponential`,
:mod:`arctangent`, :mod:`remainder`, :mod:`rows`, :mod:`matrices`, :mod:`ragged`, :mod:`loop`;
:mod:`translator`, :mod:`codegen`, :mod:`compiler`, :mod:`cache`, :mod:`first_additions`,
:mod:`fusing`, :mod:`units`, :mod:`executor`, :mod:`backend`.
"""
