"""A first attention block, composed of visible ops."""
