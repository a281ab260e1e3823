"""Native code: a machine in a small language, compiled by LLVM and kept on disk."""
