"""A GPU made of one processor: its kernels compiled as C++, their threads run one by one.

So what a GPU would be told can be held against the other backends where there is none. Several
kernels are compiled at once, for it is the starting of the compiler that takes time.
"""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from neuroflow.engine.torch.rules import PRELUDE
from neuroflow.engine.torch.threads import LANES, KernelText

COMPILER = shutil.which("g++")
WORDS = """
extern "C" {
double exp(double); double log(double); double log1p(double); double expm1(double);
double sqrt(double); double sin(double); double cos(double); double tanh(double);
double erf(double); double pow(double, double); double fabs(double); double floor(double);
double log2(double); double log10(double); double atan(double); double fmod(double, double);
}
#define INFINITY __builtin_inf()
#define NAN __builtin_nan("")
#define DEVICE static inline
#define KERNEL static inline void
static long long thread_number;
#define THREAD thread_number
"""
BLOCK = 128


class EmulatedGpu:
    """Compiles kernels into a folder; a kernel is compiled when it is first started."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._waiting: dict[KernelText, str] = {}
        self._started: dict[KernelText, Any] = {}

    def compile(self, source: KernelText) -> Callable[..., None]:
        """What starts a kernel, as on a GPU: how many threads, then what they are given."""
        if source not in self._started:
            number = len(self._started) + len(self._waiting)
            self._waiting.setdefault(source, f"start_{number}")

        def launch(n: int, *given: Any) -> None:
            if source not in self._started:
                self._compile_all()
            n_threads = -(-n // BLOCK) * BLOCK  # whole blocks: those too many must do nothing
            places = [x.data_ptr() if isinstance(x, torch.Tensor) else x for x in given]
            self._started[source](n_threads, *places)

        return launch

    def _compile_all(self) -> None:
        path = self.folder / f"kernels_{len(self._started)}.cpp"
        texts = [WORDS, PRELUDE, LANES]
        texts += [_kernel(source, name) for source, name in self._waiting.items()]
        path.write_text("\n".join(texts))
        library = path.with_suffix(".so")
        command = [str(COMPILER), "-O0", "-w", "-shared", "-fPIC", "-o", str(library), str(path)]
        subprocess.run(command, check=True)
        loaded = ctypes.CDLL(str(library))
        for source, name in self._waiting.items():
            start = self._started[source] = getattr(loaded, name)
            start.restype = None
            start.argtypes = [ctypes.c_longlong, ctypes.c_void_p, *_types(source.given)]
        self._waiting.clear()


def _types(given: Sequence[str]) -> list[Any]:
    return [ctypes.c_void_p if "*" in each else ctypes.c_int for each in given]


def _kernel(source: KernelText, name: str) -> str:
    """A kernel under a name of its own, and the loop over its threads."""
    text = source.text("")
    own = text[text.index("KERNEL") :].replace(f"KERNEL {source.name}", f"KERNEL kernel_{name}", 1)
    parameters = ", ".join([f"{source.real}* m", *source.given])
    names = ", ".join(["m", *[each.replace("*", " ").split()[-1] for each in source.given]])
    return (
        f"namespace of_{name} {{\ntypedef {source.whole} Int;\n{own}\n"
        f'extern "C" void {name}(long long n_threads, {parameters}) {{\n'
        "  for (thread_number = 0; thread_number < n_threads; thread_number++)\n"
        f"    kernel_{name}({names});\n}}\n}}\n"
    )
