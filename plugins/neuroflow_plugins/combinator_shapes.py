"""The shapes of combinators, from those of their parts; each function says its rule first."""

from __future__ import annotations

import math

import neuroflow as nf


def alike(shapes, what):
    """The shape that all have; raises :class:`neuroflow.ShapeError` where two differ."""
    shapes = [nf.Shape((1,), origin=s.origin) if s == () else s for s in shapes]
    if not shapes:
        return nf.Shape(("...",))
    first, *others = shapes
    for other in others:
        if first.is_open or other.is_open:
            first = other if first.is_open else first
            continue
        pairs = zip(first, other, strict=False)
        known = [(a, b) for a, b in pairs if isinstance(a, int) and isinstance(b, int)]
        if len(first) != len(other) or any(a != b for a, b in known):
            raise nf.ShapeError(
                f"{what} {first}{_of(first)} and {other}{_of(other)}",
                remedy="let both be alike",
                got=other,
            )
        both = zip(first, other, strict=True)
        first = nf.Shape([b if isinstance(b, int) else a for a, b in both], origin=first.origin)
    return first


def _of(shape):
    return f" of {shape.origin}" if shape.origin else ""


def residual(settings, taken, part):
    """(...) -> (...), the same for its layer"""
    return alike([taken, part("layer", taken)], "adds")


def parallel(settings, taken, part):
    """what its parts give: alike for sum and mean; concat adds up the last lengths"""
    given = [part(f"parts.{k}", taken) for k in range(len(settings["parts"]))]
    return after_join(settings["join"], given)


def after_join(join, given):
    """The shape of what several layers gave as one."""
    if any(isinstance(shape, dict) for shape in given):
        raise nf.ShapeError("joins tables by name", expected="lists", remedy="join them inside")
    if join != "concat" or not given:
        return alike(given, "joins")
    given = [nf.Shape((1,), origin=s.origin) if s == () else s for s in given]
    known = [shape for shape in given if not shape.is_open]
    alike([nf.Shape([*shape[:-1], "any"], origin=shape.origin) for shape in known], "joins")
    if len(known) < len(given):  # nobody knows how long all are together
        return nf.Shape([*known[0][:-1], "n"]) if known else nf.Shape(("...",))
    last = [shape[-1] for shape in given]
    width = sum(last) if all(isinstance(n, int) for n in last) else " + ".join(map(str, last))
    return nf.Shape([*given[0][:-1], width])


def per_token(settings, taken, part):
    """(n, ...) -> (n, ...), each row through its layer"""
    ids = "ids " * taken.ids if isinstance(taken, nf.Shape) else ""
    row = nf.shape_after(f"{ids}(n, ...) -> {ids}(...)", {}, taken)
    given = part("layer", row)
    n = "n" if taken[:1] == ("...",) else taken[0]
    return {key: (n, *each) for key, each in given.items()} if isinstance(given, dict) else (
        n, *given
    )  # fmt: skip


def flatten(settings, taken, part):
    """(...) -> (as many as there are,)"""
    nf.shape_after("(...) -> (...)", {}, taken)
    return (_product(taken),)


def _product(shape):
    if all(isinstance(n, int) for n in shape):
        return math.prod(shape)
    return " * ".join(f"({n})" if " " in str(n) else str(n) for n in shape if n != 1)


def reshape(settings, taken, part):
    """(...) -> shape, of as many numbers"""
    shape = settings["shape"]
    nf.shape_after("(...) -> (...)", {}, taken)
    if all(isinstance(n, int) for n in taken) and math.prod(taken) != math.prod(shape):
        raise nf.ShapeError(
            f"makes {nf.Shape(shape)} of {math.prod(shape)} numbers, but got {taken}",
            expected=f"{math.prod(shape)} numbers",
            got=str(taken),
        )
    return nf.Shape(shape, ids=taken.ids)


def repeat(settings, taken, part):
    """what its layer makes of it, so many times"""
    for _ in range(settings["times"]):
        before = taken
        taken = part("layer", (1,) if taken == () else taken)
        if taken == before:
            return taken
    return taken


def branches(settings, taken, part):
    """by name: what each layer makes of the input of its name; join makes one of them"""
    given = {}
    for name, mine in _by_name(settings, taken).items():
        given[name] = part(f"parts.{name}", mine)
    return given if settings["join"] == "none" else after_join(settings["join"], [*given.values()])


def _by_name(settings, taken):
    """What each layer gets."""
    names, slices = list(settings["parts"]), settings["slices"]
    if isinstance(taken, dict):
        if set(taken) == {*range(len(names))}:
            return dict(zip(names, taken.values(), strict=True))
        missing = [name for name in names if name not in taken]
        if missing:
            raise nf.ShapeError(
                f"takes {', '.join(names)}, but got {', '.join(map(str, taken))}",
                remedy=f"name an input {missing[0]!r}",
            )
        return {name: taken[name] for name in names}
    if slices is None or taken.is_open:
        return dict.fromkeys(names, taken) if slices is None else {
            name: nf.Shape((n,), origin=taken.origin) for name, n in zip(names, slices, strict=True)
        }  # fmt: skip
    nf.shape_after("(total,) -> ()", {"total": sum(slices)}, taken)
    pairs = zip(names, slices, strict=True)
    return {name: nf.Shape((n,), ids=taken.ids, origin=taken.origin) for name, n in pairs}


def while_training(settings, taken, part):
    """(...) -> (...), the same while training and in evaluation"""
    other = taken if settings["otherwise"] is None else part("otherwise", taken)
    return alike([part("layer", taken), other], "gives in turns")
