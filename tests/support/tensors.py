"""A model beside its module of PyTorch: answers and gradients, number by number."""

import neuroflow as nf
from neuroflow.engine.runner import numbers_of
from neuroflow.tensors.weights import Outline


def flat(x):
    """All numbers of nested lists, in one row."""
    return [y for each in x for y in flat(each)] if isinstance(x, (list, tuple)) else [x]


def tensor_of(torch, x):
    """Token ids as whole numbers, all else in float64."""
    whole = all(isinstance(number, int) for number in flat(x))
    return torch.tensor(x, dtype=torch.int64 if whole else torch.float64)


def distance(torch, model, *xs, module=None):
    """How far answers and gradients are apart, and how large the largest gradient is.

    The module gets the example twice, in a batch of two; what is differentiated is a sum of
    squares with weights, so that no two answers count alike.
    """
    model.eval()
    module = (module or nf.to_torch(model)).eval()
    answer = model(*xs)
    outs = flat(answer)
    ys = module(*[torch.stack([x, x]) for x in (tensor_of(torch, x) for x in xs)])
    assert ys.shape[1:] == torch.tensor(numbers_of(answer)).shape
    assert torch.allclose(ys[0], ys[1], atol=1e-12)
    ys = ys[0].reshape(-1)
    apart = [abs(float(o) - y) for o, y in zip(outs, ys.tolist(), strict=True)]
    weights = [0.1 + 0.05 * k for k in range(len(outs))]
    largest = 0.0
    if ys.requires_grad:
        model.zero_grad()
        nf.sum([o * o * w for o, w in zip(outs, weights, strict=True)]).backward()
        (ys * ys * torch.tensor(weights, dtype=torch.float64)).sum().backward()
        for name, weight in Outline(model).named().items():
            if not weight.kept:
                got = module.get_parameter(name).grad
                got = [0.0] * len(weight.values) if got is None else got.reshape(-1).tolist()
                pairs = list(zip([v.grad for v in weight.values], got, strict=True))
                apart += [abs(a - b) for a, b in pairs]
                largest = max([largest, *[abs(a) for a, _ in pairs]])
    return max(apart), largest
