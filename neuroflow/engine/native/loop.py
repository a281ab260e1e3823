"""Runs of instructions, and whole training steps."""

# mypy: ignore-errors
# ruff: noqa: F821
# types, W and other limits are names of the machine's language, not of Python

from __future__ import annotations

from neuroflow.engine.native.rows import clear
from neuroflow.engine.native.vectors import (
    abs,
    at,
    call,
    element,
    load,
    maximum,
    scalar_abs,
    scalar_sqrt,
    store,
    total,
    zeros,
)

# The columns of a table of programs: where in the code their parts begin and end, how many lanes,
# where in memory what lies, where in the other tables what belongs to them.
BEGIN, LANES_BEGIN, BACK_BEGIN, LATE_BEGIN, END = 0, 1, 2, 3, 4
N_LANES, OUTPUT, OUTPUT_GRADIENT = 5, 6, 7
GRADIENTS, END_GRADIENTS, LANES, END_LANES, LATE, END_LATE = 8, 9, 10, 11, 12, 13
FIRST_CELL, N_CELLS, N_NUMBERS, FIRST_CONSTANT, N_CONSTANTS, CONSTANTS = 14, 15, 16, 17, 18, 19
PROGRAM = 20  # columns

LARGEST_FLOAT = 1.7976931348623157e308


def run(
    m: Numbers, indices: Integers, runs: Integers, code: Integers, columns: Int, begin: Int,
    end: Int,
) -> None:  # fmt: skip
    """Run instructions: each row of code is the address of a function, and its operands."""
    for row in range(begin * columns, end * columns, columns):
        call(code[row], m, indices, runs, at(code, row))


def train(
    m: Numbers, state: Numbers, indices: Integers, runs: Integers, code: Integers, columns: Int,
    programs: Integers, cells: Integers, constants: Doubles, numbers: Doubles, integers: Integers,
    starts: Integers, weights: Doubles, jobs: Integers, steps: Integers, n_steps: Int,
    rates: Doubles, results: Doubles, count: Int, l2: Double, limit: Double, first_step: Int,
    update: Int,
) -> Int:  # fmt: skip
    """Whole steps; returns how many were made: all, or those before one that is not finite.

    A row of ``jobs`` is (program, first slot, number of that program with those examples); a row
    of ``steps`` is (first job, end); one of ``results`` (loss, norm of the gradient, and 0, or nan
    where a new number is not finite). ``update`` is the address of the update rule, or 0 to learn
    nothing.
    """
    n_padded = (count + W - 1) // W * W
    filled = -1
    for s in range(n_steps):
        first, end = steps[2 * s], steps[2 * s + 1]
        clear(m, n_padded, 2 * n_padded)
        loss = step_gradient(m, indices, runs, code, columns, programs, cells, constants, numbers,
                             integers, starts, weights, jobs, first, end, filled)  # fmt: skip
        if end > first:
            filled = jobs[3 * end - 1]
        row = at(results, 3 * s)
        penalise(m, n_padded, l2, loss, row)
        if not row[1] <= LARGEST_FLOAT:
            row[1] = norm_of_large(m, n_padded)
        if not (scalar_abs(row[0]) <= LARGEST_FLOAT and row[1] <= LARGEST_FLOAT):
            return s
        if update != 0:
            scale = limit / row[1] if row[1] > limit else 1.0
            step: Double = first_step + s
            call(update, m, state, count, scale, rates[s], step, row)
            if row[2] != 0.0:
                return s
    return n_steps


def step_gradient(
    m: Numbers, indices: Integers, runs: Integers, code: Integers, columns: Int,
    programs: Integers, cells: Integers, constants: Doubles, numbers: Doubles, integers: Integers,
    starts: Integers, weights: Doubles, jobs: Integers, begin: Int, end: Int, filled: Int,
) -> Double:  # fmt: skip
    """The weighted loss of some jobs, their gradients added to the parameters'.

    What depends on parameters alone is computed once for the jobs of one program in a row;
    examples that are in memory already, which is what ``filled`` says, are not loaded again.
    """
    loss: Double = 0.0
    p = programs
    last = -1
    for j in range(begin, end):
        number, slot = jobs[3 * j], jobs[3 * j + 1]
        if number != last:
            if last >= 0:
                run(m, indices, runs, code, columns, p[LATE_BEGIN], p[END])
            last = number
            p = at(programs, number * PROGRAM)
            begin_program(m, p, constants)
            run(m, indices, runs, code, columns, p[BEGIN], p[LANES_BEGIN])
        if jobs[3 * j + 2] != filled:
            filled = jobs[3 * j + 2]
            fill(m, indices, numbers, integers, at(starts, slot), p, cells)
        clear(m, p[LANES], p[END_LANES])
        run(m, indices, runs, code, columns, p[LANES_BEGIN], p[BACK_BEGIN])
        loss += seed(m, p, at(weights, slot))
        run(m, indices, runs, code, columns, p[BACK_BEGIN], p[LATE_BEGIN])
    if last >= 0:
        run(m, indices, runs, code, columns, p[LATE_BEGIN], p[END])
    return loss


def begin_program(m: Numbers, p: Integers, constants: Doubles) -> None:
    """Put constants in their place, and set gradients of what depends on parameters to zero."""
    for k in range(p[N_CONSTANTS]):
        m[p[CONSTANTS] + k] = constants[p[FIRST_CONSTANT] + k]
    clear(m, p[GRADIENTS], p[END_GRADIENTS])
    clear(m, p[LATE], p[END_LATE])


def fill(
    m: Numbers, indices: Integers, numbers: Doubles, integers: Integers, starts: Integers,
    p: Integers, cells: Integers,
) -> None:  # fmt: skip
    """Load the inputs of the examples that start at ``starts``, one for each lane."""
    first, lanes = p[FIRST_CELL], p[N_LANES]
    for k in range(first, first + p[N_CELLS]):
        to, which = cells[2 * k], cells[2 * k + 1]
        for i in range(lanes):
            m[to + i] = numbers[starts[i] + which]
    for k in range(p[N_NUMBERS]):
        for i in range(lanes):
            indices[k * lanes + i] = integers[starts[i] + k]


def seed(m: Numbers, p: Integers, weights: Doubles) -> Double:
    """Start the gradient of each lane's loss at its weight; gives the weighted loss."""
    loss: Double = 0.0
    output = p[OUTPUT]
    for i in range(p[N_LANES]):
        loss += weights[i] * m[output + i]
        m[p[OUTPUT_GRADIENT] + i] += weights[i]
    return loss


def penalise(m: Numbers, n_padded: Int, l2: Double, loss: Double, results: Doubles) -> None:
    """Add the penalty's gradient to each parameter's; the results: loss, gradient's norm."""
    squares = norm = zeros()
    if l2 == 0.0:
        for i in range(n_padded, 2 * n_padded, W):
            norm = norm + load(m, i) * load(m, i)
    else:
        for i in range(0, n_padded, W):
            w = load(m, i)
            g = load(m, n_padded + i) + w * (2.0 * l2)
            store(m, n_padded + i, g)
            squares = squares + w * w
            norm = norm + g * g
    results[0] = loss + l2 * total(squares)
    results[1] = scalar_sqrt(total(norm))


def norm_of_large(m: Numbers, n_padded: Int) -> Double:
    """The norm of a gradient whose squares are too large; nan or infinity only if it has one."""
    most = zeros()
    for i in range(0, n_padded, W):
        most = maximum(abs(load(m, n_padded + i)), most)
    largest: Double = element(most, 0)
    for k in range(1, W):
        largest = maximum(element(most, k), largest)
    if not largest <= LARGEST_FLOAT:
        return largest
    squares: Double = 0.0
    for i in range(n_padded):
        part: Double = m[n_padded + i] / largest
        squares += part * part
    return largest * scalar_sqrt(squares)
