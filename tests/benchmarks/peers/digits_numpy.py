"""MLP 64-256-256-10, cross entropy, batch 128, backward by hand. argv: 64|32 steps"""
import json, sys, time
import numpy as np
f = np.float64 if sys.argv[1] == '64' else np.float32; steps = int(sys.argv[2])
d = json.load(open('data/digits.json')); X = np.array(d['X'], f); Y = np.array(d['y']); flat = np.array(d['p'])
def start():
    P, o = [], 0
    for a, b in ((64, 256), (256, 256), (256, 10)):
        q = flat[o:o+b*(a+1)].reshape(b, a+1); o += b*(a+1)
        P += [np.ascontiguousarray(q[:, :a].T).astype(f), q[:, a].astype(f).copy()]
    return P
def step(P, x, y):
    W1, b1, W2, b2, W3, b3 = P; n = len(x)
    h1 = np.maximum(x@W1+b1, 0); h2 = np.maximum(h1@W2+b2, 0); z = h2@W3+b3
    z -= z.max(1, keepdims=True); e = np.exp(z); s = e.sum(1, keepdims=True)
    loss = (np.log(s[:, 0])-z[np.arange(n), y]).mean()
    dz = e/s; dz[np.arange(n), y] -= 1; dz /= n
    g3 = h2.T@dz; d2 = (dz@W3.T)*(h2 > 0); g2 = h1.T@d2; d1 = (d2@W2.T)*(h1 > 0); g1 = x.T@d1
    for w, g in zip(P, (g1, d1.sum(0), g2, d2.sum(0), g3, dz.sum(0))): w -= f(.1)*g
    return loss
def run():
    P = start(); t0 = time.perf_counter()
    for k in range(steps):
        i = k*128 % 1024; loss = step(P, X[i:i+128], Y[i:i+128])
    return time.perf_counter()-t0, float(loss)
run(); t, loss = min(run() for _ in range(9))
print('RESULT', json.dumps(dict(train_s=t, steps=steps, final_loss=loss)))
