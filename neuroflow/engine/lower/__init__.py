"""Lower: a plan's groups as instructions of a small machine, and where its numbers lie.

Reading order: :mod:`program`, :mod:`memory`, :mod:`strides`, :mod:`operands`, :mod:`matmul`,
:mod:`needs_grad`, :mod:`emitter`, :mod:`kernel`, :mod:`kernels`, :mod:`lower`.
"""
