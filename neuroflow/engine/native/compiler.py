"""The compiler: LLVM makes machine code, and puts it into this process."""

from __future__ import annotations

import ctypes
import platform
from functools import cache
from typing import Any

import llvmlite
import llvmlite.binding as llvm

from neuroflow.engine.native.language import Processor
from neuroflow.engine.native.vectors import LIBRARY


@cache
def here() -> Processor:
    """This processor."""
    return Processor(llvm.get_host_cpu_name(), llvm.get_host_cpu_features().flatten())


def bytes_of_vector(processor: Processor) -> int:
    """The size of the widest vector that a processor has."""
    features = processor.features.split(",")
    return 64 if "+avx512f" in features else 32 if "+avx2" in features else 16


@cache
def facts(processor: Processor | None) -> str:
    """What machine code depends on beside its text: versions, the processor."""
    versions = (llvmlite.__version__, llvm.llvm_version_info, platform.machine())
    return f"{versions} {llvm.get_process_triple()} {processor or here()}"


@cache
def _compiler(processor: Processor) -> Any:
    """A processor, as LLVM compiles for it."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    target = llvm.Target.from_triple(llvm.get_process_triple())
    return target.create_target_machine(
        cpu=processor.name,
        features=processor.features,
        opt=3,
        reloc="default",
        codemodel="jitdefault",
        jit=True,
    )


def machine_code(text: str, processor: Processor | None) -> bytes:
    """A module, as LLVM reads it, optimised and compiled for a processor.

    Vectors are in the code already, so LLVM need not look for them. Nor does it unroll loops: that
    made nothing faster, and took more than a third of the time to compile.
    """
    compiler = _compiler(processor or here())
    module = llvm.parse_assembly(text)
    module.triple, module.data_layout = llvm.get_process_triple(), str(compiler.target_data)
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    options.loop_vectorization = options.slp_vectorization = options.loop_unrolling = False
    builder = llvm.create_pass_builder(compiler, options)
    builder.getModulePassManager().run(module, builder)
    return bytes(compiler.emit_object(module))


@cache
def _engine() -> Any:
    """What holds machine code, as long as the process lives."""
    library = ctypes.CDLL("ucrtbase" if platform.system() == "Windows" else None)
    for name in (*LIBRARY, *(f"{name}f" for name in LIBRARY)):
        if function := getattr(library, name, None):
            llvm.add_symbol(name, ctypes.cast(function, ctypes.c_void_p).value)
    return llvm.create_mcjit_compiler(llvm.parse_assembly(""), _compiler(here()))


def addresses(code: list[bytes], names: list[str]) -> list[int]:
    """Put machine code into this process; where the functions of these names are."""
    engine = _engine()
    for piece in code:
        engine.add_object_file(llvm.ObjectFileRef.from_data(piece))
    engine.finalize_object()
    return [engine.get_function_address(name) for name in names]
