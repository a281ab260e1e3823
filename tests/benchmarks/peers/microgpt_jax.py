"""argv: 32|64  step|scan  batch steps"""
import sys, json, time
import jax, jax.numpy as jnp
jax.config.update('jax_platforms', 'cpu')
if sys.argv[1] == '64': jax.config.update('jax_enable_x64', True)
from microgpt_common import *
dt = jnp.float32 if sys.argv[1] == '32' else jnp.float64; mode = sys.argv[2]; batch = int(sys.argv[3]); steps = int(sys.argv[4])
def rms(x): return x*jax.lax.rsqrt((x*x).mean(-1, keepdims=True)+1e-5)
MASK = jnp.triu(jnp.full((B, B), -1e30, dt), 1)
def loss_fn(p, x, y, w):
    h = rms(p['wte'][x] + p['wpe']); r = h; z = rms(h)
    f = lambda m: (z@m.T).reshape(batch, B, H, HD).transpose(0, 2, 1, 3)
    q, k, v = f(p['wq']), f(p['wk']), f(p['wv'])
    a = jax.nn.softmax(q@k.swapaxes(-1, -2)*0.5 + MASK, -1)
    h = (a@v).transpose(0, 2, 1, 3).reshape(batch, B, C)@p['wo'].T + r
    h = jax.nn.relu(rms(h)@p['fc1'].T)@p['fc2'].T + h
    lp = jax.nn.log_softmax(h@p['lm'].T, -1)
    return -(jnp.take_along_axis(lp, y[..., None], -1)[..., 0]*w).sum()
def step(c, d):
    p, m, s, i = c; x, y, w = d
    L, g = jax.value_and_grad(loss_fn)(p, x, y, w)
    lr = (LR*(1-i/1000)).astype(dt); t = (i+1).astype(dt)
    tm = jax.tree_util.tree_map
    m = tm(lambda m, g: B1*m+(1-B1)*g, m, g); s = tm(lambda s, g: B2*s+(1-B2)*g*g, s, g)
    c1 = 1-B1**t; c2 = 1-B2**t
    p = tm(lambda p, m, s: p-lr*(m/c1)/(jnp.sqrt(s/c2)+EPS), p, m, s)
    return (p, m, s, i+1), L
ntok = sum(toks(i)[2] for i in range(steps*batch))
X, Y, W = [], [], []
for s in range(steps):
    x, y, m = padded(s, batch); X.append(x); Y.append(y); W.append(m/m.sum())
X = np.stack(X).astype(np.int32); Y = np.stack(Y).astype(np.int32); W = np.stack(W).astype(dt)
jstep = jax.jit(step, donate_argnums=0); jscan = jax.jit(lambda c, d: jax.lax.scan(step, c, d))
def run():
    p = {k: jnp.array(v, dt) for k, v in init().items()}; z = lambda: {k: jnp.zeros_like(v) for k, v in p.items()}
    c = (p, z(), z(), jnp.int32(0)); jax.block_until_ready(c); t0 = time.perf_counter()
    if mode == 'scan': c, L = jscan(c, (X, Y, W))
    else:
        L = []
        for s in range(steps): c, l = jstep(c, (X[s], Y[s], W[s])); L.append(l)
    jax.block_until_ready((c, L)); t = time.perf_counter()-t0
    return t, [float(l) for l in L]
t1, _ = run(); t, L = min((run() for _ in range(4)), key=lambda r: r[0])
print('RESULT', json.dumps(dict(train_s=t, steps=steps, final_loss=L[-1], mean_loss=float(np.mean(L)), last50=float(np.mean(L[-50:])), compile_s=t1-t, tok_s=ntok/t)))
