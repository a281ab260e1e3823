"""Torch: programs in the memory of a device, run by PyTorch; the extra ``torch``.

Reading order: :mod:`devices` says which there are, :mod:`rules` writes kernels for tensors and for
a GPU, :mod:`views` is each instruction as calls on tensors. For a GPU, where each call costs, three
more: :mod:`levels` finds instructions that can run together, :mod:`threads` is the source of what
runs them, :mod:`merged` joins the two. :mod:`pieces` are stretches of calls that are captured once;
:mod:`executor` has the memory and the steps, :mod:`backend` is what the entry names.
"""
