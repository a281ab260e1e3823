"""Settings that make a run of a few milliseconds: ``neuroflow train moons`` and these words."""

FAST = ["--backend", "eager", "--set", "train.steps=3", "--set", "data.points=12"]
NET = [*FAST, "--set", "model.sizes=[2, 3, 1]"]
