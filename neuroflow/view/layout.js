// Layered layout, the same five steps as neuroflow/view/layout.py, which explains them.
// A test holds that both put the same items in the same places.

function layered(sizes, edges, down) {
  if (!edges.length) return grid(sizes, down);
  const back = againstTheFlow(sizes.length, edges);
  const forward = unique(edges.map(([a, b], k) => (back[k] ? [b, a] : [a, b])), sizes.length);
  const rank = ranks(sizes.length, forward);
  const net = makeNet(sizes, forward, rank);
  orderLayers(net);
  return placeItems(net, sizes, edges, back, rank);
}

function unique(edges, n) {
  const seen = new Map();
  for (const edge of edges) seen.set(edge[0] * n + edge[1], edge);
  return [...seen.values()];
}

function grid(sizes, down) { // rows and columns of their own sizes, a little wider than high
  let best = null;
  for (let rows = 1; rows <= sizes.length; rows++) {
    const columns = Math.ceil(sizes.length / rows);
    const wide = new Array(columns).fill(0), high = new Array(rows).fill(0);
    sizes.forEach(([w, h], k) => {
      const [column, row] = down ? [Math.floor(k / rows), k % rows] : [k % columns, Math.floor(k / columns)];
      wide[column] = Math.max(wide[column] ?? 0, w);
      high[row] = Math.max(high[row] ?? 0, h);
    });
    const width = wide.reduce((a, b) => a + b + ROW_GAP, -ROW_GAP), height = high.reduce((a, b) => a + b + ROW_GAP, -ROW_GAP);
    const worst = down ? Math.max(width * 1.4, height) : Math.max(width, height * 1.4);
    if (!best || worst < best.worst) best = { worst, wide, high, width, height, rows, columns };
  }
  if (!best) return { width: 0, height: 0, at: [], through: [], back: [] };
  const middles = (each) => { let at = 0; return each.map((x) => { at += x + ROW_GAP; return at - ROW_GAP - x / 2; }); };
  const xs = middles(best.wide), ys = middles(best.high);
  const at = sizes.map((_, k) => (down ? [xs[Math.floor(k / best.rows)], ys[k % best.rows]] : [xs[k % best.columns], ys[Math.floor(k / best.columns)]]));
  return { width: best.width, height: best.height, at, through: [], back: [] };
}

function againstTheFlow(n, edges) {
  const following = Array.from({ length: n }, () => []);
  const entered = new Array(n).fill(0);
  edges.forEach(([a, b], k) => { following[a].push([b, k]); entered[b] += 1; });
  const back = new Array(edges.length).fill(false);
  const state = new Array(n).fill(0);
  const starts = [...entered.keys()].sort((a, b) => entered[a] - entered[b]);
  for (const start of starts) {
    if (state[start]) continue;
    const stack = [[start, 0]];
    state[start] = 1;
    while (stack.length) {
      const top = stack[stack.length - 1];
      if (top[1] === following[top[0]].length) { state[top[0]] = 2; stack.pop(); continue; }
      const [b, k] = following[top[0]][top[1]++];
      if (state[b] === 1) back[k] = true;
      else if (state[b] === 0) { state[b] = 1; stack.push([b, 0]); }
    }
  }
  return back;
}

function ranks(n, edges) {
  const before = Array.from({ length: n }, () => []);
  const after = Array.from({ length: n }, () => []);
  for (const [a, b] of edges) { before[b].push(a); after[a].push(b); }
  const waiting = before.map((each) => each.length);
  const order = [...waiting.keys()].filter((k) => !waiting[k]);
  for (let k = 0; k < order.length; k++) {
    for (const b of after[order[k]]) if (!--waiting[b]) order.push(b);
  }
  const rank = new Array(n).fill(0);
  for (const b of order) for (const a of before[b]) rank[b] = Math.max(rank[b], rank[a] + 1);
  for (const a of order.reverse()) {
    if (after[a].length && !before[a].length) rank[a] = Math.min(...after[a].map((b) => rank[b])) - 1;
  }
  return rank;
}

function makeNet(sizes, edges, rank) {
  const slots = sizes.map(([, height]) => ({ height, left: [], right: [], y: 0 }));
  const layers = Array.from({ length: Math.max(...rank) + 1 }, () => []);
  rank.forEach((r, k) => layers[r].push(k));
  const chains = new Map();
  const passing = edges.reduce((sum, [a, b]) => sum + rank[b] - rank[a] - 1, 0);
  for (const [a, b] of edges) {
    const chain = [a];
    for (let r = rank[a] + 1; r < rank[b] && passing <= PASSING; r++) {
      chain.push(slots.length);
      layers[r].push(slots.length);
      slots.push({ height: 6, left: [], right: [], y: 0 });
    }
    chain.push(b);
    for (let k = 1; k < chain.length; k++) {
      slots[chain[k - 1]].right.push(chain[k]);
      slots[chain[k]].left.push(chain[k - 1]);
    }
    chains.set(a * sizes.length + b, chain.slice(1, -1));
  }
  return { slots, layers, chains };
}

function orderLayers({ slots, layers }) {
  const position = new Float64Array(slots.length);
  for (const layer of layers) layer.forEach((s, k) => { position[s] = k; });
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const forward = sweep % 2 === 0;
    for (const layer of forward ? layers : [...layers].reverse()) {
      layer.forEach((s, k) => {
        const near = forward ? slots[s].left : slots[s].right;
        position[s] = near.length ? near.reduce((sum, x) => sum + position[x], 0) / near.length : position[s];
      });
      layer.sort((a, b) => position[a] - position[b]);
      layer.forEach((s, k) => { position[s] = layer.length > 1 ? (k / (layer.length - 1)) * 100 : 50; });
    }
  }
}

function placeItems({ slots, layers, chains }, sizes, edges, back, rank) {
  for (const layer of layers) {
    let y = 0;
    for (const s of layer) {
      slots[s].y = y + slots[s].height / 2;
      y += slots[s].height + ROW_GAP;
    }
  }
  for (let sweep = 0; sweep < 2 * SWEEPS; sweep++) {
    for (const layer of sweep % 2 ? layers : [...layers].reverse()) settle(slots, layer);
  }
  const x = [], widths = [];
  let left = 0;
  for (const layer of layers) {
    const width = Math.max(0, ...layer.filter((s) => s < sizes.length).map((s) => sizes[s][0]));
    x.push(left + width / 2);
    widths.push(width / 2);
    left += width + COLUMN_GAP;
  }
  let top = Infinity, bottom = -Infinity;
  for (const slot of slots) {
    top = Math.min(top, slot.y - slot.height / 2);
    bottom = Math.max(bottom, slot.y + slot.height / 2);
  }
  const column = new Int32Array(slots.length);
  layers.forEach((layer, r) => { for (const s of layer) column[s] = r; });
  const at = sizes.map((_, k) => [x[rank[k]], slots[k].y - top]);
  const through = edges.map(([a, b], k) => {
    const chain = back[k] ? [...chains.get(b * sizes.length + a)].reverse() : chains.get(a * sizes.length + b);
    const sign = back[k] ? -1 : 1;
    return chain.flatMap((s) => [-sign, sign].map((side) => [x[column[s]] + side * widths[column[s]], slots[s].y - top]));
  });
  return { width: left - COLUMN_GAP, height: bottom - top, at, through, back };
}

function settle(slots, layer) {
  const blocks = [], offsets = [];
  let offset = 0;
  layer.forEach((s, k) => {
    const slot = slots[s];
    if (k) offset += (slots[layer[k - 1]].height + slot.height) / 2 + ROW_GAP;
    offsets.push(offset);
    let wish = 0;
    for (const x of slot.left) wish += slots[x].y;
    for (const x of slot.right) wish += slots[x].y;
    const near = slot.left.length + slot.right.length;
    blocks.push([(near ? wish / near : slot.y) - offset, 1]);
    for (let n = blocks.length; n > 1; n--) {
      const [above, below] = [blocks[n - 2], blocks[n - 1]];
      if (above[0] * below[1] < below[0] * above[1]) break;
      above[0] += below[0];
      above[1] += below[1];
      blocks.pop();
    }
  });
  let k = 0;
  for (const [wanted, count] of blocks) {
    for (let n = 0; n < count; n++, k++) slots[layer[k]].y = wanted / count + offsets[k];
  }
}
