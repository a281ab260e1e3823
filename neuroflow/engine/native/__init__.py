"""Native code: a machine in a small language, compiled by LLVM and kept on disk.

Reading order: :mod:`language`, :mod:`builder`, :mod:`vectors`, :mod:`elementary`, :mod:`rows`,
:mod:`products`, :mod:`training`; :mod:`llvm`, :mod:`translator`, :mod:`cache`, :mod:`units`,
:mod:`executor`, :mod:`backend`.
"""
