"""Layered layout: boxes in columns from inputs to output, with few crossings and calm lines.

After Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system
structures" (1981), in five steps: break cycles, give each item a layer, let long edges pass
through empty places, order the layers, and find the height of each item.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise

from attrs import define, field, frozen

COLUMN_GAP = 38.0
ROW_GAP = 14.0
SWEEPS = 6
"""How often the order of the layers is improved, there and back."""
PASSING = 4000
"""With more places than this for long edges to pass through, they are drawn straight."""

Edge = tuple[int, int]
Point = tuple[float, float]


@frozen
class Layout:
    """Where the centre of each item is, and the points that long edges pass through."""

    width: float
    height: float
    at: list[Point]
    through: dict[Edge, list[Point]]
    back: set[Edge]
    """Edges that run against the flow, from right to left."""


def layered(sizes: Sequence[Point], edges: Iterable[Edge], down: bool = False) -> Layout:
    """Place items of the given (width, height), joined by edges (from, to).

    The flow is to the right; who turns the picture so that it is ``down`` says so, for items
    without edges are set in rows and columns that are to look right afterwards.
    """
    edges = [edge for edge in dict.fromkeys(edges) if edge[0] != edge[1]]
    if not edges:
        return _grid(sizes, down)
    back = _against_the_flow(len(sizes), edges)
    forward = list(dict.fromkeys((b, a) if (a, b) in back else (a, b) for a, b in edges))
    rank = _ranks(len(sizes), forward)
    net = _Net(sizes, forward, rank)
    net.order()
    return net.place(edges, back)


def _grid(sizes: Sequence[Point], down: bool) -> Layout:
    """Items without edges: rows and columns of their own sizes, a little wider than high."""
    if not sizes:
        return Layout(0.0, 0.0, [], {}, set())

    def cells(rows: int) -> list[tuple[int, int]]:
        columns = -(-len(sizes) // rows)
        return [divmod(k, rows) if down else (k % columns, k // columns) for k in range(len(sizes))]

    def sides(rows: int) -> tuple[list[float], list[float]]:
        places = cells(rows)
        wide = [0.0] * (1 + max(column for column, _ in places))
        high = [0.0] * (1 + max(row for _, row in places))
        for (column, row), (width, height) in zip(places, sizes, strict=True):
            wide[column] = max(wide[column], width)
            high[row] = max(high[row], height)
        return wide, high

    def stretch(rows: int) -> float:
        width, height = (sum(side) + ROW_GAP * (len(side) - 1) for side in sides(rows))
        return max(width * 1.4, height) if down else max(width, height * 1.4)

    rows = min(range(1, len(sizes) + 1), key=stretch)
    wide, high = sides(rows)
    xs, ys = _middles(wide), _middles(high)
    at = [(xs[column], ys[row]) for column, row in cells(rows)]
    return Layout(xs[-1] + wide[-1] / 2, ys[-1] + high[-1] / 2, at, {}, set())


def _middles(sides: Sequence[float]) -> list[float]:
    """Where the middles are of things set side by side."""
    ends = accumulate(side + ROW_GAP for side in sides)
    return [end - ROW_GAP - side / 2 for end, side in zip(ends, sides, strict=True)]


def _against_the_flow(n: int, edges: Sequence[Edge]) -> set[Edge]:
    """Edges to turn so that no cycle is left: those that lead back to an open item."""
    following: list[list[int]] = [[] for _ in range(n)]
    entered = [0] * n
    for a, b in edges:
        following[a].append(b)
        entered[b] += 1
    back: set[Edge] = set()
    state = [0] * n  # 0 unseen, 1 open, 2 done
    for start in sorted(range(n), key=lambda k: entered[k]):
        stack = [(start, iter(following[start]))] if not state[start] else []
        state[start] = state[start] or 1
        while stack:
            a, rest = stack[-1]
            for b in rest:
                if state[b] == 1:
                    back.add((a, b))
                elif state[b] == 0:
                    state[b] = 1
                    stack.append((b, iter(following[b])))
                    break
            else:
                state[a] = 2
                stack.pop()
    return back


def _ranks(n: int, edges: Sequence[Edge]) -> list[int]:
    """The layer of each item: right of all it needs, and then as near as can be to its users."""
    before: list[list[int]] = [[] for _ in range(n)]
    after: list[list[int]] = [[] for _ in range(n)]
    for a, b in edges:
        before[b].append(a)
        after[a].append(b)
    waiting = [len(each) for each in before]
    order = [k for k in range(n) if not waiting[k]]
    for a in order:
        for b in after[a]:
            waiting[b] -= 1
            if not waiting[b]:
                order.append(b)
    rank = [0] * n
    for b in order:
        rank[b] = max((rank[a] + 1 for a in before[b]), default=0)
    for a in reversed(order):
        if after[a] and not before[a]:
            rank[a] = min(rank[b] for b in after[a]) - 1
    return rank


@define
class _Slot:
    """An item's place in a layer, or one that a long edge passes through."""

    height: float
    left: list[int] = field(factory=list)
    right: list[int] = field(factory=list)
    y: float = 0.0


class _Net:
    """The layers; long edges are cut into pieces from each layer to the next."""

    def __init__(self, sizes: Sequence[Point], edges: Sequence[Edge], rank: Sequence[int]) -> None:
        self.sizes, self.rank = sizes, rank
        self.slots = [_Slot(height) for _, height in sizes]
        self.layers: list[list[int]] = [[] for _ in range(max(rank) + 1)]
        for k, r in enumerate(rank):
            self.layers[r].append(k)
        self.chains: dict[Edge, list[int]] = {}
        passing = sum(rank[b] - rank[a] - 1 for a, b in edges)
        for a, b in edges:
            self._join(a, b, cut=passing <= PASSING)

    def _join(self, a: int, b: int, cut: bool) -> None:
        chain = [a]
        for r in range(self.rank[a] + 1, self.rank[b]) if cut else ():
            chain.append(len(self.slots))
            self.slots.append(_Slot(6.0))
            self.layers[r].append(chain[-1])
        chain.append(b)
        for left, right in pairwise(chain):
            self.slots[left].right.append(right)
            self.slots[right].left.append(left)
        self.chains[a, b] = chain[1:-1]

    def order(self) -> None:
        """Sort each layer by the mean position of neighbours, to the right and back again."""
        position = {s: float(k) for layer in self.layers for k, s in enumerate(layer)}
        for sweep in range(SWEEPS):
            forward = sweep % 2 == 0
            for layer in self.layers if forward else reversed(self.layers):
                for s in layer:
                    near = self.slots[s].left if forward else self.slots[s].right
                    if near:
                        position[s] = sum(position[x] for x in near) / len(near)
                layer.sort(key=position.__getitem__)
                for k, s in enumerate(layer):
                    position[s] = k / max(1, len(layer) - 1) * 100 if len(layer) > 1 else 50.0

    def place(self, edges: Sequence[Edge], back: set[Edge]) -> Layout:
        """Columns as wide as their widest item; heights near those of neighbours."""
        for layer in self.layers:
            y = 0.0
            for s in layer:
                y += self.slots[s].height / 2
                self.slots[s].y = y
                y += self.slots[s].height / 2 + ROW_GAP
        for sweep in range(2 * SWEEPS):
            for layer in self.layers if sweep % 2 else reversed(self.layers):
                self._settle(layer)
        columns = self._columns()
        top = min(slot.y - slot.height / 2 for slot in self.slots)
        bottom = max(slot.y + slot.height / 2 for slot in self.slots)
        at = [(columns[r][0], self.slots[k].y - top) for k, r in enumerate(self.rank)]
        column = {s: columns[r] for r, layer in enumerate(self.layers) for s in layer}
        through = {}
        for a, b in edges:
            turned = (a, b) in back
            chain = self.chains[b, a][::-1] if turned else self.chains[a, b]
            sides = (1, -1) if turned else (-1, 1)
            through[a, b] = [
                (column[s][0] + side * column[s][1], self.slots[s].y - top)
                for s in chain
                for side in sides
            ]
        middle, half = columns[-1]
        return Layout(middle + half, bottom - top, at, through, back)

    def _columns(self) -> list[Point]:
        """The middle and half the width of each column."""
        x, columns = 0.0, []
        for layer in self.layers:
            width = max((self.sizes[s][0] for s in layer if s < len(self.sizes)), default=0.0)
            columns.append((x + width / 2, width / 2))
            x += width + COLUMN_GAP
        return columns

    def _settle(self, layer: list[int]) -> None:
        """Move each slot towards its neighbours, keeping order and distance.

        Least squares under those bounds: runs of slots that want to overlap move as one block
        (pool adjacent violators).
        """
        blocks: list[tuple[float, int]] = []  # the sum of what its slots want, and how many
        offset, offsets = 0.0, []
        for k, s in enumerate(layer):
            slot = self.slots[s]
            if k:
                offset += (self.slots[layer[k - 1]].height + slot.height) / 2 + ROW_GAP
            offsets.append(offset)
            near = slot.left + slot.right
            wish = sum(self.slots[x].y for x in near) / len(near) if near else slot.y
            blocks.append((wish - offset, 1))
            while len(blocks) > 1 and (
                blocks[-2][0] * blocks[-1][1] >= blocks[-1][0] * blocks[-2][1]
            ):
                wanted, count = blocks.pop()
                blocks[-1] = (blocks[-1][0] + wanted, blocks[-1][1] + count)
        k = 0
        for wanted, count in blocks:
            for _ in range(count):
                self.slots[layer[k]].y = wanted / count + offsets[k]
                k += 1
