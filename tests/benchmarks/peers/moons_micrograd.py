"""micrograd's own demo with its own Value and MLP. argv: steps"""
import json, sys, time
from micrograd.engine import Value
from micrograd.nn import MLP
d = json.load(open('data/moons.json')); model = MLP(2, [16, 16, 1])
it = iter(d['p'])
for layer in model.layers:
    for n in layer.neurons:
        for w in n.w: w.data = next(it)
        n.b.data = next(it)
steps = int(sys.argv[1]); sys.setrecursionlimit(1000000); t0 = time.perf_counter()
for k in range(steps):
    scores = [model(list(map(Value, x))) for x in d['X']]
    losses = [(1 + -y*s).relu() for y, s in zip(d['y'], scores)]
    loss = sum(losses)*(1.0/len(losses)) + 1e-4*sum(p*p for p in model.parameters())
    model.zero_grad(); loss.backward(); lr = 1.0 - 0.9*k/100
    for p in model.parameters(): p.data -= lr*p.grad
print('RESULT', json.dumps(dict(train_s=time.perf_counter()-t0, steps=steps, final_loss=loss.data)))
