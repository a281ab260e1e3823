"""The bundled plugins, found through entry points exactly like anyone else's.

Reading order: :mod:`exponentials`, :mod:`angles`, :mod:`hyperbolic`, :mod:`steps`, :mod:`ops`,
:mod:`activations`, :mod:`metrics`, :mod:`losses`, :mod:`initializers`, :mod:`schedules`,
:mod:`optimizers`, :mod:`observers`, :mod:`panels`, :mod:`looks`,
:mod:`exporters`, :mod:`importers`, :mod:`formats`, :mod:`checks`, :mod:`datasets`; networks:
:mod:`shapes`, :mod:`sizes`, :mod:`nested`, :mod:`parts`, :mod:`numbers_held`, :mod:`mlp`,
:mod:`combinator_shapes`, :mod:`combinators`, :mod:`attention`, :mod:`convolution`,
:mod:`pooling`, :mod:`recurrent`, :mod:`norms`, :mod:`bilinear`, :mod:`language_model`,
:mod:`layers`; language: :mod:`pieces`, :mod:`byte_pairs`, :mod:`pretokens`,
:mod:`byte_level`, :mod:`tokenizer_json`, :mod:`tokenizers`, :mod:`text`,
:mod:`multi_head`, :mod:`blocks`, :mod:`gpt`, :mod:`text_classifier`, :mod:`encoder_decoder`,
:mod:`transformer`; all layers on tensors: :mod:`tensor_forms`, :mod:`combinator_forms`,
:mod:`window_forms`, :mod:`recurrent_forms`; and :mod:`backends`. Beside them, :mod:`zoo`: wrong
twins to learn from.
"""
