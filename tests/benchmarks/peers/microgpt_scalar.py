"""microgpt.py's training in the manner of its author: a scalar Value with local gradients. argv: steps"""
import json, math, sys, time
from microgpt_common import *
class Value:
    __slots__ = ('data', 'grad', 'children', 'local')
    def __init__(self, data, children=(), local=()): self.data = data; self.grad = 0; self.children = children; self.local = local
    def __add__(self, o): o = o if isinstance(o, Value) else Value(o); return Value(self.data+o.data, (self, o), (1, 1))
    def __mul__(self, o): o = o if isinstance(o, Value) else Value(o); return Value(self.data*o.data, (self, o), (o.data, self.data))
    def __pow__(self, n): return Value(self.data**n, (self,), (n*self.data**(n-1),))
    def log(self): return Value(math.log(self.data), (self,), (1/self.data,))
    def exp(self): e = math.exp(self.data); return Value(e, (self,), (e,))
    def relu(self): return Value(max(0, self.data), (self,), (float(self.data > 0),))
    def __neg__(self): return self*-1
    def __sub__(self, o): return self+(-o)
    def __truediv__(self, o): return self*o**-1
    __radd__ = __add__; __rmul__ = __mul__
    def backward(self):
        topo, seen = [], set()
        def build(v):
            if v not in seen:
                seen.add(v)
                for c in v.children: build(c)
                topo.append(v)
        build(self); self.grad = 1
        for v in reversed(topo):
            for c, l in zip(v.children, v.local): c.grad += l*v.grad
sys.setrecursionlimit(1000000)
P = {k: [[Value(x) for x in row] for row in m.tolist()] for k, m in init().items()}
params = [p for m in P.values() for row in m for p in row]
def linear(x, w): return [sum(wi*xi for wi, xi in zip(r, x)) for r in w]
def softmax(l):
    m = max(v.data for v in l); e = [(v-Value(m)).exp() for v in l]; s = sum(e); return [v/s for v in e]
def rms(x): s = (sum(v*v for v in x)*(1/len(x))+1e-5)**-0.5; return [v*s for v in x]
def logits(t, pos, K, W):
    x = rms([a+b for a, b in zip(P['wte'][t], P['wpe'][pos])]); r = x; x = rms(x)
    q = linear(x, P['wq']); K.append(linear(x, P['wk'])); W.append(linear(x, P['wv'])); o = []
    for h in range(0, C, HD):
        a = softmax([sum(q[h+j]*k[h+j] for j in range(HD))*0.5 for k in K])
        o += [sum(a[s]*W[s][h+j] for s in range(len(W))) for j in range(HD)]
    x = [a+b for a, b in zip(linear(o, P['wo']), r)]; r = x
    return linear([a+b for a, b in zip(linear([v.relu() for v in linear(rms(x), P['fc1'])], P['fc2']), r)], P['lm'])
steps = int(sys.argv[1]); m = [0.0]*len(params); s = [0.0]*len(params); L = []; t0 = time.perf_counter()
for step in range(steps):
    x, y, n = toks(step); K, W = [], []
    loss = sum(-softmax(logits(t, i, K, W))[u].log() for i, (t, u) in enumerate(zip(x, y)))*(1/n)
    loss.backward(); L.append(loss.data); lr = LR*(1-step/1000)
    for i, p in enumerate(params):
        m[i] = B1*m[i]+(1-B1)*p.grad; s[i] = B2*s[i]+(1-B2)*p.grad**2
        p.data -= lr*(m[i]/(1-B1**(step+1)))/((s[i]/(1-B2**(step+1)))**0.5+EPS); p.grad = 0
print('RESULT', json.dumps(dict(train_s=time.perf_counter()-t0, steps=steps, final_loss=L[-1], mean_loss=sum(L)/len(L))))
