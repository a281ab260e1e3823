"""An MLP, cross entropy, SGD, batch 128, backward by hand. argv: float32|float64 seconds size..."""
import json, sys, time
import numpy as np
f = getattr(np, sys.argv[1]); seconds = float(sys.argv[2]); sizes = [int(x) for x in sys.argv[3:]]
rng = np.random.default_rng(1); X = rng.normal(size=(128, sizes[0])).astype(f); Y = rng.integers(0, sizes[-1], 128)
W = [(rng.normal(size=s)*(2/s[0])**.5).astype(f) for s in zip(sizes, sizes[1:])]; B = [np.zeros(n, f) for n in sizes[1:]]
def step():
    hs = [X]
    for w, b in zip(W[:-1], B): hs.append(np.maximum(hs[-1]@w+b, 0))
    z = hs[-1]@W[-1]+B[-1]; z -= z.max(1, keepdims=True); e = np.exp(z); s = e.sum(1, keepdims=True)
    loss = (np.log(s[:, 0])-z[np.arange(128), Y]).mean()
    d = e/s; d[np.arange(128), Y] -= 1; d /= 128
    for k in range(len(W)-1, -1, -1):
        gw, gb = hs[k].T@d, d.sum(0)
        if k: d = (d@W[k].T)*(hs[k] > 0)
        W[k] -= f(.01)*gw; B[k] -= f(.01)*gb
    return loss
step(); wall = cpu = float('inf'); end = time.perf_counter()+seconds
while time.perf_counter() < end:
    w, c = time.perf_counter(), time.process_time(); step(); step()
    wall, cpu = min(wall, (time.perf_counter()-w)/2), min(cpu, (time.process_time()-c)/2)
print('RESULT', json.dumps(dict(wall_ms=wall*1e3, cpu_ms=cpu*1e3)))
