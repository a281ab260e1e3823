"""hand-written numpy forward+backward of microgpt.py, exact algorithm; params in one flat vector so Adam is a handful of ops. argv: 64|32 steps"""
import sys, json, time
import numpy as np
from microgpt_common import *
dt = np.float64 if sys.argv[1] == '64' else np.float32; steps = int(sys.argv[2])
def run():
    P = flat.astype(dt).copy(); G = np.zeros_like(P); M = np.zeros_like(P); S = np.zeros_like(P)
    p = {}; g = {}; o = 0
    for k, s in shapes.items():
        n = s[0]*s[1]; p[k] = P[o:o+n].reshape(s); g[k] = G[o:o+n].reshape(s); o += n
    mask = np.triu(np.full((B, B), -np.inf, dt), 1)
    def rms(x):
        r = 1/np.sqrt((x*x).sum(-1, keepdims=True)*dt(1/C) + dt(1e-5)); return x*r, r
    def rms_b(dy, x, r): return dy*r - x*((dy*x).sum(-1, keepdims=True)*(r*r*r)*dt(1/C))
    L = []; data = [tuple(map(np.array, toks(s)[:2])) + (toks(s)[2],) for s in range(steps)]
    sc = dt(0.5); t0 = time.perf_counter()
    for step in range(steps):
        x, y, n = data[step]; ar = np.arange(n)
        e = p['wte'][x] + p['wpe'][:n]; x0, r0 = rms(e); x1, r1 = rms(x0)
        q = (x1@p['wq'].T).reshape(n,H,HD).transpose(1,0,2); k = (x1@p['wk'].T).reshape(n,H,HD).transpose(1,0,2); v = (x1@p['wv'].T).reshape(n,H,HD).transpose(1,0,2)
        a = q@k.transpose(0,2,1)*sc + mask[:n,:n]
        a = np.exp(a - a.max(-1, keepdims=True)); a /= a.sum(-1, keepdims=True)
        o_ = (a@v).transpose(1,0,2).reshape(n,C)
        x2 = o_@p['wo'].T + x0; x3, r3 = rms(x2)
        h = np.maximum(x3@p['fc1'].T, 0); x4 = h@p['fc2'].T + x2
        lg = x4@p['lm'].T; lg -= lg.max(-1, keepdims=True); pr = np.exp(lg); pr /= pr.sum(-1, keepdims=True)
        L.append(-np.log(pr[ar,y]).mean())
        d = pr; d[ar,y] -= 1; d *= dt(1/n)
        g['lm'][:] = d.T@x4; dx = d@p['lm']
        g['fc2'][:] = dx.T@h; dh = (dx@p['fc2'])*(h > 0); g['fc1'][:] = dh.T@x3
        dx = dx + rms_b(dh@p['fc1'], x2, r3)
        g['wo'][:] = dx.T@o_; do = (dx@p['wo']).reshape(n,H,HD).transpose(1,0,2)
        dv = a.transpose(0,2,1)@do; da = do@v.transpose(0,2,1); da = a*(da - (da*a).sum(-1, keepdims=True))*sc
        dq = (da@k).transpose(1,0,2).reshape(n,C); dk = (da.transpose(0,2,1)@q).transpose(1,0,2).reshape(n,C); dv = dv.transpose(1,0,2).reshape(n,C)
        g['wq'][:] = dq.T@x1; g['wk'][:] = dk.T@x1; g['wv'][:] = dv.T@x1
        dx = dx + rms_b(dq@p['wq'] + dk@p['wk'] + dv@p['wv'], x0, r1)
        dx = rms_b(dx, e, r0)
        g['wte'][:] = 0; np.add.at(g['wte'], x, dx); g['wpe'][:n] = dx; g['wpe'][n:] = 0
        lr = LR*(1-step/1000)
        np.multiply(M, B1, out=M); M += dt(1-B1)*G; S *= dt(B2); S += dt(1-B2)*(G*G)
        P -= dt(lr/(1-B1**(step+1)))*M/(np.sqrt(S*dt(1/(1-B2**(step+1)))) + dt(EPS))
    return time.perf_counter()-t0, L
t, L = min((run() for _ in range(3)), key=lambda r: r[0])
print('RESULT', json.dumps(dict(train_s=t, steps=steps, final_loss=float(L[-1]), mean_loss=float(np.mean(L)), last50=float(np.mean(L[-50:])))))
