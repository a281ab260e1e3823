import pytest


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    """Compiled machines of the tests lie in a folder of their own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEUROFLOW_CACHE", str(tmp_path_factory.mktemp("machines")))
        yield


NEEDS = {"numpy": "numpy", "llvm": "llvmlite", "torch": "torch"}


@pytest.fixture(params=["numpy", "llvm"])
def backend(request):
    pytest.importorskip(NEEDS[request.param])
    return request.param


@pytest.fixture(params=NEEDS)
def every_backend(request):
    """Those too that are slow to start: for tests that are cheap and say much."""
    pytest.importorskip(NEEDS[request.param])
    return request.param
