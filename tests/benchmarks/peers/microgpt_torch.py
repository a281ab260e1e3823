"""argv: 32|64  eager|compile|eagerpad  batch steps"""
import sys, json, time
import torch, torch.nn.functional as F
from microgpt_common import *
torch.set_num_threads(1)
dt = torch.float32 if sys.argv[1] == '32' else torch.float64; mode = sys.argv[2]; batch = int(sys.argv[3]); steps = int(sys.argv[4])
pad = mode in ('compile', 'eagerpad') or batch > 1
def rms(x): return x*torch.rsqrt((x*x).mean(-1, keepdim=True)+1e-5)
FULL = torch.triu(torch.full((B, B), float('-inf'), dtype=dt), 1)
def logits_fn(x, wte, wpe, lm, wq, wk, wv, wo, fc1, fc2):
    n = x.shape[-1]; sh = x.shape[:-1]
    h = rms(wte[x] + wpe[:n]); r = h; z = rms(h)
    q = F.linear(z, wq).view(*sh, n, H, HD).transpose(-3, -2); k = F.linear(z, wk).view(*sh, n, H, HD).transpose(-3, -2); v = F.linear(z, wv).view(*sh, n, H, HD).transpose(-3, -2)
    a = torch.softmax(q@k.transpose(-1, -2)*0.5 + FULL[:n, :n], -1)
    o = (a@v).transpose(-3, -2).reshape(*sh, n, C)
    h = F.linear(o, wo) + r; r = h
    return F.linear(F.linear(torch.relu(F.linear(rms(h), fc1)), fc2) + r, lm)
def loss_var(x, y, *P): return F.cross_entropy(logits_fn(x, *P), y)
def loss_pad(x, y, w, *P):
    l = F.cross_entropy(logits_fn(x, *P).reshape(-1, V), y.reshape(-1), reduction='none'); return (l*w.reshape(-1)).sum()
fn = loss_pad if pad else loss_var
if mode == 'compile': fn = torch.compile(fn)
ntok = sum(toks(i)[2] for i in range(steps*batch))
if pad:
    data = []
    for s in range(steps):
        x, y, m = padded(s, batch); w = m/m.sum(-1, keepdims=True)/batch if batch == 1 else m/m.sum()
        data.append((torch.tensor(x), torch.tensor(y), torch.tensor(w, dtype=dt)))
else: data = [tuple(torch.tensor(a) for a in toks(s)[:2]) for s in range(steps)]
def run(steps):
    P = [torch.tensor(a).clone().to(dt).requires_grad_() for a in init().values()]
    opt = torch.optim.Adam(P, lr=LR, betas=(B1, B2), eps=EPS, foreach=(sys.argv[5] if len(sys.argv) > 5 else 'foreach') == 'foreach', fused=None if len(sys.argv) <= 5 or sys.argv[5] != 'fused' else True)
    L = []; t0 = time.perf_counter()
    for s in range(steps):
        for gr in opt.param_groups: gr['lr'] = LR*(1-s/1000)
        loss = fn(*data[s], *P); opt.zero_grad(set_to_none=True); loss.backward(); opt.step(); L.append(loss.detach())
    t = time.perf_counter()-t0
    return t, [float(l) for l in L]
t1, _ = run(min(20, steps)); t, L = min((run(steps) for _ in range(3)), key=lambda r: r[0])
print('RESULT', json.dumps(dict(train_s=t, steps=steps, final_loss=L[-1], mean_loss=float(np.mean(L)), last50=float(np.mean(L[-50:])), compile_s=t1, tok_s=ntok/t)))
