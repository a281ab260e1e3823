"""A GPT of 4 layers. argv: n_embd block batch float32|float64 eager|compile threads seconds"""
import json, resource, sys, time
import torch, torch.nn.functional as F
n, block, batch = map(int, sys.argv[1:4]); dtype, mode, threads, seconds = getattr(torch, sys.argv[4]), sys.argv[5], int(sys.argv[6]), float(sys.argv[7])
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
before = peak(); torch.set_num_threads(threads); torch.manual_seed(1); torch.set_default_dtype(dtype)
def matrix(a, b): return (0.08*torch.randn(a, b)).requires_grad_()
words, places, head = matrix(27, n), matrix(block, n), matrix(27, n)
layers = [[*(matrix(n, n) for _ in range(4)), matrix(4*n, n), matrix(n, 4*n)] for _ in range(4)]
def norm(x): return x*torch.rsqrt((x*x).mean(-1, keepdim=True)+1e-5)
def loss_of(tokens, targets):
    x = words[tokens]+places
    for query, key, value, output, up, down in layers:
        y = norm(x); q, k, v = (F.linear(y, w).view(batch, block, 4, -1).transpose(1, 2) for w in (query, key, value))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x+F.linear(y.transpose(1, 2).reshape(batch, block, n), output)
        x = x+F.linear(torch.relu(F.linear(norm(x), up)), down)
    return F.cross_entropy(F.linear(x, head).reshape(-1, 27), targets.reshape(-1))
fn = torch.compile(loss_of) if mode == 'compile' else loss_of
weights = [words, places, head, *(w for layer in layers for w in layer)]
adam = torch.optim.Adam(weights, lr=0.001, fused=True)
text = torch.randint(27, (batch, block+1)); tokens, targets = text[:, :-1].contiguous(), text[:, 1:].contiguous()
def step():
    loss = fn(tokens, targets); adam.zero_grad(set_to_none=True); loss.backward(); adam.step()
for _ in range(3): step()
wall = cpu = float('inf'); end = time.perf_counter()+seconds
while time.perf_counter() < end:
    w, c = time.perf_counter(), time.process_time(); step(); step()
    wall, cpu = min(wall, (time.perf_counter()-w)/2), min(cpu, (time.process_time()-c)/2)
print('RESULT', json.dumps(dict(wall_ms=wall*1e3, cpu_ms=cpu*1e3, peak_mb=peak()-before)))
