"""Tensors: the same models as ordinary PyTorch modules, for sizes that one core does not carry.

Reading order: :mod:`form` (what a layer says about its tensors), :mod:`weights` (their names),
:mod:`package`; then what needs PyTorch: :mod:`kernels` (ops), :mod:`planned` (functions of lists),
:mod:`functions` (activations and losses), :mod:`module`, :mod:`conversion`, ``to_torch`` and
back, and :mod:`runner`, which trains.
"""
