"""Live pages: networks that learn on screen, with every number taken from the real graph."""
