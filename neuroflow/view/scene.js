// What of the graph is visible, and where: the same steps as neuroflow/view/scene.py.
// A test holds that both put everything in the same places.

let open = new Set([0]);
let down = false; // whether the graph flows down, or to the right

function countVisible(opened, id = 0) {
  if (!isBox(id) || !opened.has(id)) return 1;
  return D.boxes[id].children.reduce((sum, child) => sum + countVisible(opened, child), 0);
}

function size(id) {
  const width = (text, each) => text.length * each;
  if (isBox(id)) return [Math.min(240, Math.max(120, width(name(id), 7.6) + 46, width(inside(id), 6.5) + 24)), 50];
  const k = scalar(id);
  if (roleOf(k) === "constant") return [Math.max(58, width(name(id), 7.6) + 26), 30];
  const numbers = width(digits(D.data[k]) + digits(D.grad[k]), 6.9) + 52;
  return [Math.min(230, Math.max(104, numbers, width(name(id), 7.6) + 26)), 46];
}

function inside(id) {
  const box = D.boxes[id];
  return `${(box.last - box.first).toLocaleString("en")} scalars · |∂| ≤ ${digits(grown(box).grad, 2)}`;
}

function arrange() {
  const items = [], containers = [], rep = new Int32Array(N), unit = new Map();
  const add = (id, inside) => {
    const one = { id, inside, units: null, depth: inside ? inside.depth + 1 : 0, index: 0 };
    unit.set(id, one);
    if (inside) one.index = inside.units.push(one) - 1;
    if (isBox(id) && open.has(id)) {
      one.units = [];
      one.edges = new Map();
      one.ins = new Set(); // units inside that lines from outside go to
      one.outs = new Set();
      containers.push(one);
      for (const child of D.boxes[id].children) add(child, one);
    } else {
      [one.w, one.h] = size(id);
      one.number = items.push(one) - 1;
      if (isBox(id)) rep.fill(one.number, D.boxes[id].first, D.boxes[id].last);
      else rep[scalar(id)] = one.number;
    }
  };
  add(0, null);
  const edges = joined(items, rep);
  for (const edge of edges) lift(edge);
  for (const container of [...containers].reverse()) fillContainer(container);
  const root = unit.get(0);
  root.x = root.w / 2;
  root.y = root.h / 2;
  for (const container of containers) {
    for (const one of container.units) {
      one.x = container.x - container.w / 2 + one.dx;
      one.y = container.y - container.h / 2 + one.dy;
    }
  }
  for (const edge of edges) edge.points = way(edge);
  return { items, containers, edges, unit, root };
}

function joined(items, rep) {
  const V = items.length, counts = new Int32Array(V * V);
  for (let k = 0; k < N; k++) {
    const b = rep[k] * 1;
    for (let e = start[k]; e < start[k + 1]; e++) {
      const a = rep[input[e]];
      if (a !== b) counts[a * V + b] += 1;
    }
  }
  const edges = [];
  for (let a = 0; a < V; a++) {
    for (let b = 0; b < V; b++) {
      if (counts[a * V + b]) edges.push({ from: items[a], to: items[b], count: counts[a * V + b] });
    }
  }
  return edges;
}

function lift(edge) { // to the innermost container around both ends
  let a = edge.from, b = edge.to;
  while (a.inside !== b.inside) {
    if (a.depth >= b.depth) a = a.inside;
    else b = b.inside;
  }
  const key = a.index * a.inside.units.length + b.index;
  if (!a.inside.edges.has(key)) a.inside.edges.set(key, { a: a.index, b: b.index });
  edge.inside = a.inside;
  edge.lifted = a.inside.edges.get(key);
  for (let one = edge.from; one !== a; one = one.inside) one.inside.outs.add(one.index);
  for (let one = edge.to; one !== b; one = one.inside) one.inside.ins.add(one.index);
}

const turned = ([x, y]) => (down ? [y, x] : [x, y]);

// Lines enter and leave an open box at one port each, so that they run round what is inside.
function fillContainer(container) {
  const { units, ins, outs } = container, edges = [...container.edges.values()];
  const sizes = units.map((one) => turned([one.w, one.h])), pairs = edges.map(({ a, b }) => [a, b]);
  const ports = [];
  if (pairs.length) {
    for (const [side, users] of [["in", ins], ["out", outs]]) {
      if (!users.size) continue;
      const port = sizes.push([2, 2]) - 1;
      ports.push([side, port]);
      for (const k of users) pairs.push(side === "in" ? [port, k] : [k, port]);
    }
  }
  const found = layered(sizes, pairs, down), [width, height] = turned([found.width, found.height]);
  const title = Math.min(40, name(container.id).length) * 7.6 + 60;
  const shift = Math.max(0, (title - width - 2 * PAD) / 2), start = [PAD + shift, HEAD];
  const moved = (point) => turned(point).map((x, k) => x + start[k]);
  units.forEach((one, k) => { [one.dx, one.dy] = moved(found.at[k]); });
  edges.forEach((edge, k) => { edge.through = found.through[k].map(moved); edge.back = found.back[k]; });
  container.w = width + 2 * (PAD + shift);
  container.h = height + HEAD + PAD;
  const middle = down ? container.w / 2 : container.h / 2;
  container.port = { in: [0, middle], out: [down ? container.h : container.w, middle] };
  for (const [side, port] of ports) container.port[side][1] = moved(found.at[port])[down ? 0 : 1];
  for (const side of ["in", "out"]) if (down) container.port[side].reverse();
  container.ways = new Map();
  pairs.forEach(([a, b], k) => { if (k >= edges.length) container.ways.set(`${Math.min(a, b)} ${a > b ? "in" : "out"}`, found.through[k].map(moved)); });
}

function way(edge) { // the points that a line passes through
  const { from, to, lifted, inside } = edge, sign = lifted.back ? -1 : 1;
  const [dx, dy] = down ? [0, 0.5] : [0.5, 0];
  const within = (one) => ([x, y]) => [one.x - one.w / 2 + x, one.y - one.h / 2 + y];
  const points = [[from.x + sign * from.w * dx, from.y + sign * from.h * dy]];
  const last = [[to.x - sign * to.w * dx, to.y - sign * to.h * dy]];
  if (!lifted.back) {
    for (let one = from; one.inside !== inside; one = one.inside) {
      points.push(...[...(one.inside.ways.get(`${one.index} out`) ?? []), one.inside.port.out].map(within(one.inside)));
    }
    for (let one = to; one.inside !== inside; one = one.inside) {
      last.unshift(...[one.inside.port.in, ...(one.inside.ways.get(`${one.index} in`) ?? [])].map(within(one.inside)));
    }
  }
  points.push(...lifted.through.map(within(inside)), ...last);
  return points;
}
