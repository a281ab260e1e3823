"""Neuron, Layer, Sequential, MLP and dropout: the layers of the original."""
