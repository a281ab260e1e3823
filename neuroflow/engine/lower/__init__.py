"""Lower: a plan's groups as instructions of a small machine, and where its numbers lie.

Reading order: :mod:`program`, :mod:`memory`, :mod:`strides`; how an op becomes a kernel:
:mod:`steps`, :mod:`kernel`, :mod:`kernels`; then :mod:`needs_grad`, :mod:`grids`,
:mod:`merging`, :mod:`emitter`, :mod:`operands`, :mod:`matmul`, :mod:`lower` and
:mod:`gradient_buffers`.
"""
