"""Rooms in memory: given out, taken back after their last reader, and given out again."""

from __future__ import annotations

from attrs import define, field


@define(eq=False)
class Rooms:
    """Stretches of memory from ``start`` on; ``top`` is the end of the highest ever used."""

    start: int
    top: int = field(init=False)
    _free: list[tuple[int, int]] = field(init=False, factory=list)

    def __attrs_post_init__(self) -> None:
        self.top = self.start

    def take(self, size: int) -> int:
        """The smallest free room that is large enough, or a new one.

        >>> rooms = Rooms(0)
        >>> a, b = rooms.take(8), rooms.take(16)
        >>> rooms.give_back(a, 8)
        >>> rooms.take(4), rooms.take(8), rooms.top
        (0, 24, 32)
        """
        fitting = [room for room in self._free if room[1] >= size]
        if not fitting:
            return self._extend(size)
        start, length = min(fitting, key=lambda room: room[1])
        self._free.remove((start, length))
        if length > size:
            self._free.append((start + size, length - size))
        return start

    def _extend(self, size: int) -> int:
        """Room at the top; what is free just below it is part of it."""
        last = next((room for room in self._free if sum(room) == self.top), (self.top, 0))
        if last[1]:
            self._free.remove(last)
        self.top = last[0] + size
        return last[0]

    def give_back(self, start: int, size: int) -> None:
        """A room that nothing reads any more; it grows together with free neighbours."""
        if not size:
            return
        for room in list(self._free):
            if sum(room) == start or start + size == room[0]:
                self._free.remove(room)
                start, size = min(start, room[0]), size + room[1]
        self._free.append((start, size))


def packed(lives: list[tuple[int, int, int]]) -> tuple[list[int], int]:
    """Places for rooms of (size, first use, last use), in order of first use; and the top.

    >>> packed([(8, 0, 1), (8, 1, 2), (8, 2, 3)])
    ([0, 8, 0], 16)
    """
    rooms, places = Rooms(0), []
    ends: list[tuple[int, int, int]] = []
    for size, first, last in lives:
        for end in [end for end in ends if end[0] < first]:
            ends.remove(end)
            rooms.give_back(end[1], end[2])
        places.append(rooms.take(size))
        ends.append((last, places[-1], size))
    return places, rooms.top
