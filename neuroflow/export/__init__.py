"""Export: a model as files for other programs; each is tried before it is given, where it can be.

And the way back: models that other programs wrote.

Reading order: :mod:`examples` (something that a model takes), :mod:`columns` (of its data),
:mod:`sources` (the text of code with all that it needs), :mod:`python_file`, :mod:`c_file`,
:mod:`tensors_file`, :mod:`onnx_file`, :mod:`destinations`; :mod:`tensors_reading`,
:mod:`importing`.
"""
