"""Things that notebooks show: their HTML is made where pictures are, far above the core."""

from __future__ import annotations

from neuroflow.core.protocols import chaining


class Shown:
    """What :func:`neuroflow.to_html` has a card for; where no HTML is shown, its repr stands."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        return str(chaining.public("to_html")(self))
