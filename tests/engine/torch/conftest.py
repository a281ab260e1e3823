"""The torch backend as it runs on a processor, and as it would on a GPU."""

import pytest

torch = pytest.importorskip("torch")


@pytest.fixture(scope="session")
def gpu(tmp_path_factory):
    """Compiles kernels for a GPU that is emulated."""
    from tests.support.emulated_gpu import COMPILER, EmulatedGpu

    if COMPILER is None:
        pytest.skip("no C++ compiler is here")
    return EmulatedGpu(tmp_path_factory.mktemp("kernels"))


@pytest.fixture
def executors(gpu):
    """Makers of executors: with views of the memory, and with merged kernels."""
    from neuroflow.engine.torch.executor import TorchExecutor

    def with_views(dtype, n, limit):
        return TorchExecutor(dtype, n, limit, torch.device("cpu"))

    def with_kernels(dtype, n, limit):
        return TorchExecutor(dtype, n, limit, torch.device("cpu"), compile=gpu.compile)

    return {"views": with_views, "kernels": with_kernels}
