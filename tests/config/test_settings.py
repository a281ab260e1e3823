"""Settings: the tables describe themselves."""

from __future__ import annotations

import neuroflow as nf
from neuroflow.config import schema


def test_the_schema_describes_every_key():
    rows = {row["path"]: row for row in schema()}
    tree = nf.configure("moons")
    for key in tree["train"]:
        assert rows[f"train.{key}"]["meaning"]
    assert rows["optimizer.learning_rate"]["type"] == "a number"
    assert rows["train.l2"]["range"] == "at least 0"
