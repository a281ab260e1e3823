"""Torch: programs in the memory of a device, run by PyTorch; the extra ``torch``.

Reading order: :mod:`devices` says which there are, :mod:`rules` writes kernels for tensors and for
a GPU, :mod:`views` is each row of code as calls on tensors. For a GPU, where each call costs, three
more: :mod:`threads` is the text of what runs whole instructions, :mod:`compiler` compiles it,
:mod:`merged` starts it. :mod:`pieces` are stretches of
calls that are captured once, :mod:`update` is the optimizer's rule; :mod:`executor` has the memory
and the steps, :mod:`backend` is what the entry names.
"""
