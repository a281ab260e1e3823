"""What one thread of a GPU does: the instructions of the machine in C, for one number or for four.

No thread adds to a cell that another adds to: who owns a cell adds up all that comes to it, in the
order of a table, so that the same step gives the same bits. ``m`` is the memory, ``i`` the number
of the thread; lanes are neighbours, and so are the cells that neighbours read.
"""

from __future__ import annotations

from attrs import frozen

from neuroflow.engine.lower.kernel import Kernel
from neuroflow.engine.lower.kernels import MapKernel
from neuroflow.engine.torch.rules import PRELUDE, c_number, kernel_lines

FOR_CUDA = """
#define DEVICE __device__ inline
#define KERNEL extern "C" __global__ void
#define THREAD (blockIdx.x * (Int)blockDim.x + threadIdx.x)
#undef INFINITY
#undef NAN
#define INFINITY __longlong_as_double(0x7ff0000000000000LL)
#define NAN __longlong_as_double(0x7ff8000000000000LL)
"""
"""What the words in capitals are on a GPU."""

LANES = """
template <typename T, int N> struct alignas(N == 1 ? sizeof(T) : 16) Lanes { T x[N]; };
template <typename T, int N> DEVICE Lanes<T, N> operator*(Lanes<T, N> a, Lanes<T, N> b) {
  for (int k = 0; k < N; k++) a.x[k] *= b.x[k];
  return a;
}
template <typename T, int N> DEVICE Lanes<T, N> operator*(Lanes<T, N> a, T b) {
  for (int k = 0; k < N; k++) a.x[k] *= b;
  return a;
}
template <typename T, int N> DEVICE Lanes<T, N> operator*(T a, Lanes<T, N> b) { return b * a; }
template <typename T, int N> DEVICE void operator+=(Lanes<T, N>& a, Lanes<T, N> b) {
  for (int k = 0; k < N; k++) a.x[k] += b.x[k];
}
template <typename T, int N> DEVICE void operator+=(Lanes<T, N>& a, T b) {
  for (int k = 0; k < N; k++) a.x[k] += b;
}
template <typename N, typename T> DEVICE N& at(T* cell) { return *(N*)cell; }
template <typename N> DEVICE void put(N& cells, N numbers) { cells = numbers; }
template <typename N> DEVICE void add(N& cells, N numbers) {
  N total = cells;  // read whole, written whole
  total += numbers;
  cells = total;
}
"""
"""Neighbouring lanes as one number: a thread reads and writes four of them at once."""

PER_THREAD = 4
"""So many lanes a thread has where they lie at multiples of it: a GPU reads 16 bytes at once."""


@frozen
class KernelText:
    """A kernel: its name, what it is given beside the memory, and what one thread does.

    ``whole`` is the type of offsets, called ``Int``: an ``int`` is faster, and reaches so far.
    """

    name: str
    real: str
    given: tuple[str, ...]
    body: str
    whole: str = "long long"

    def text(self, words: str = FOR_CUDA) -> str:
        """The whole text; ``words`` say what the words in capitals are."""
        parameters = ", ".join([f"{self.real}* m", *self.given])
        head = f"KERNEL {self.name}({parameters}) {{\n  const Int i = THREAD;\n"
        return f"{words}{PRELUDE}{LANES}typedef {self.whole} Int;\n{head}{self.body}}}\n"


SUMS = """
  const Int groups = lanes / {per};
  if (i >= n * groups) return;
  const Int d = i / groups, l = i % groups * {per};
  {number} sum = {{}};
  for (Int c = first[d]; c < first[d + 1]; c++) sum += {term};
  {store}(at<{number}>(m + dest[d] + l), sum);
"""

PIECES = """
  if (i >= n * pieces) return;
  const Int d = i / pieces;
  const long long end = (long long)first[d + 1] * lanes;
  Lanes<{real}, 1> sum = {{}};
  for (long long j = (long long)first[d] * lanes + i % pieces; j < end; j += pieces) {{
    const Int c = j / lanes, l = j % lanes;
    sum += {term};
  }}
  part[i] = sum.x[0];
"""

TOTALS = """
  if (i >= n) return;
  {real} sum = 0;
  for (Int k = 0; k < pieces; k++) sum += part[i * pieces + k];
  m[dest[i]] {assign} sum;
"""

EXTREMES = """
  if (i >= n * lanes) return;
  const Int* row = rows + 4 * (i / lanes);
  const {real}* x = m + row[1] + i % lanes;
  {real} best = x[0];
  for (Int k = 1; k < row[3]; k++) best = {better}(best, x[k * row[2]]);
  m[row[0] + i % lanes] = best;
"""

SHARES = """
  if (i >= n * lanes) return;
  const Int* row = rows + 5 * (i / lanes);
  const Int l = i % lanes;
  const {real}* x = m + row[1] + l;
  {real} tied = 0;
  for (Int k = 0; k < row[3]; k++) tied += x[k * row[2]] == m[row[0] + l];
  share[i] = m[row[4] + l] / (tied > 0 ? tied : 1);
"""

TIES = """
  if (i >= n * lanes) return;
  const Int d = i / lanes, l = i % lanes;
  {real} sum = 0;
  for (Int c = first[d]; c < first[d + 1]; c++)
    if (m[a[c] + l] == m[rows[5 * b[c]] + l]) sum += share[b[c] * lanes + l];
  m[dest[d] + l] += sum;
"""

TAKES = """
  if (i >= n * lanes) return;
  const Int* row = rows + 4 * (i / lanes);
  const Int l = i % lanes;
  m[row[0] + l] = m[row[1] + l * {wide} + chosen[row[2] * lanes + l] * row[3]];
"""

TAKES_BACK = """
  if (i >= n * lanes) return;
  const Int d = i / lanes, l = i % lanes;
  for (Int c = first[d]; c < first[d + 1]; c++) {{
    const Int* row = rows + 4 * c;
    m[row[1] + l + chosen[row[2] * lanes + l] * row[3]] += m[row[0] + l];
  }}
"""

_CSR = ("const Int* dest", "const Int* first", "const Int* a", "const Int* b")
_COUNTS = ("int n", "int lanes")


def _term(number: str, a_wide: bool, b_wide: bool, is_product: bool) -> str:
    """What is added up: cells, or products of two; those without lanes are the same for all."""
    a = f"at<{number}>(m + a[c] + l)" if a_wide else "m[a[c]]"
    b = f"at<{number}>(m + b[c] + l)" if b_wide else "m[b[c]]"
    return f"{a} * {b}" if is_product else a


def sums(real: str, adds: bool, *of: bool, per: int) -> KernelText:
    """Each cell, or what it grows by, is a sum of cells or of products; lane by lane."""
    number = f"Lanes<{real}, {per}>"
    body = SUMS.format(
        number=number, per=per, term=_term(number, *of), store="add" if adds else "put"
    )
    return KernelText("sums", real, (*_CSR, *_COUNTS), body)


def pieces(real: str, *of: bool) -> KernelText:
    """The same for cells without lanes: sums over the lanes as well, each in some pieces."""
    body = PIECES.format(real=real, term=_term(f"Lanes<{real}, 1>", *of))
    return KernelText(
        "sums_in_pieces", real, (*_CSR[1:], f"{real}* part", *_COUNTS, "int pieces"), body
    )


def totals(real: str, adds: bool) -> KernelText:
    """The pieces of each sum, added up."""
    body = TOTALS.format(real=real, assign="+=" if adds else "=")
    return KernelText(
        "totals", real, ("const Int* dest", f"{real}* part", "int n", "int pieces"), body
    )


def extremes(real: str, sign: int) -> KernelText:
    """The largest or the smallest of each row."""
    body = EXTREMES.format(real=real, better="larger" if sign == 1 else "smaller")
    return KernelText("extremes", real, ("const Int* rows", *_COUNTS), body)


def shares(real: str) -> KernelText:
    """What each of a row's largest gets of the gradient: they share it."""
    given = ("const Int* rows", f"{real}* share", *_COUNTS)
    return KernelText("shares", real, given, SHARES.format(real=real))


def ties(real: str) -> KernelText:
    """Each cell gets its shares, from the rows of which it is a largest."""
    given = (*_CSR, "const Int* rows", f"{real}* share", *_COUNTS)
    return KernelText("ties", real, given, TIES.format(real=real))


def takes(real: str, wide: bool) -> KernelText:
    """Each lane's index chooses a row of a table."""
    given = ("const Int* rows", "const long long* chosen", *_COUNTS)
    return KernelText("takes", real, given, TAKES.format(wide=int(wide)))


def takes_back(real: str) -> KernelText:
    """Gradients go back to the rows that were chosen, of tables with lanes."""
    given = ("const Int* first", "const Int* rows", "const long long* chosen", *_COUNTS)
    return KernelText("takes_back", real, given, TAKES_BACK.format())


def map_source(
    entry: MapKernel, kernel: Kernel, real: str, targets: tuple[int, ...], per: int
) -> KernelText:
    """A rule for ``per`` neighbouring elements.

    ``place`` has how many elements there are, and where each operand begins. Backward the rule
    adds to the gradients of the inputs ``targets``.
    """
    names = list(kernel.inputs) if entry.backward else ["out", *kernel.inputs]
    number, wide = f"Lanes<{real}, {per}>", "double" if kernel.needs_float64 else real
    read = [name for name in names if name in kernel.used]
    results = {j: f"sent{j}" for j in targets} if entry.backward else {0: "made"}
    places = {name: k for k, name in enumerate(names, 1)}
    own = {j: k for k, j in enumerate(entry.targets, 1 + len(names))} if entry.backward else {0: 1}
    store = "add" if entry.backward else "put"
    lines = [
        f"if (i * {per} >= place[0]) return;",
        *[f"const {number} of_{x} = at<{number}>(m + place[{places[x]}] + i * {per});"
          for x in read],
        *[f"{number} {result};" for result in results.values()],
        f"for (int k = 0; k < {per}; k++) {{",
        *[f"  const {wide} {x} = of_{x}.x[k];" for x in read],
        *[f"  {line}" for line in kernel_lines(kernel, wide)],
        *[f"  {result}.x[k] = ({real}){c_number(kernel.results[j], wide)};"
          for j, result in results.items()],
        "}",
        *[f"{store}(at<{number}>(m + place[{own[j]}] + i * {per}), {result});"
          for j, result in results.items()],
    ]  # fmt: skip
    body = "".join(f"  {line}\n" for line in lines)
    return KernelText("map", real, ("const Int* place",), body)
