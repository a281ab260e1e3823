// The page of one computation graph. Every number comes from the data that Python wrote into it.
// An item is a scalar (-1 - its number) or a box (its number); open boxes show what is inside.

const D = JSON.parse(document.getElementById("data").textContent);
const N = D.op.length;
const LIMIT = 500;
const $ = (id) => document.getElementById(id);
const isBox = (id) => id >= 0;
const scalar = (id) => -1 - id;

// ---- the graph, in flat arrays --------------------------------------------------------------

const start = new Int32Array(N + 1);
for (let k = 0; k < N; k++) start[k + 1] = start[k] + D.inputs[k].length;
const input = new Int32Array(start[N]);
for (let k = 0; k < N; k++) input.set(D.inputs[k], start[k]);
const around = new Int32Array(N); // the box around each scalar
D.boxes.forEach((box, k) => { for (const id of box.children) if (!isBox(id)) around[scalar(id)] = k; });
let uses = null; // [first use of each scalar, users, positions], made when first asked for

function users(k) {
  if (!uses) {
    const first = new Int32Array(N + 1);
    for (const x of input) first[x + 1] += 1;
    for (let x = 0; x < N; x++) first[x + 1] += first[x];
    const fill = first.slice(), user = new Int32Array(input.length), place = new Int32Array(input.length);
    for (let node = 0; node < N; node++) {
      for (let e = start[node]; e < start[node + 1]; e++) {
        user[fill[input[e]]] = node;
        place[fill[input[e]]++] = e - start[node];
      }
    }
    uses = { first, user, place };
  }
  const found = [];
  for (let e = uses.first[k]; e < uses.first[k + 1]; e++) found.push([uses.user[e], uses.place[e]]);
  return found;
}

const parent = (id) => (isBox(id) ? D.boxes[id].parent : around[scalar(id)]);
const kindOf = (k) => D.kinds[D.kind[k]];
const digits = (x, n = 4) => (typeof x === "number" ? String(Number(x.toPrecision(n))) : x).replace("-", "−");
const SIGNS = { add: "+", sub: "−", mul: "×", div: "÷", neg: "−x", pow: "xʸ", sum: "Σ", dot: "a·b", mean: "mean", sqrt: "√" };

function name(id, column = D.short) {
  if (isBox(id)) return D.boxes[id].label || "graph";
  const k = scalar(id), label = D.labels[column[k]];
  if (kindOf(k) === "constant") return digits(D.data[k]);
  const op = D.op[k] >= 0 ? D.ops[D.op[k]].name : "";
  return label === op && SIGNS[op] ? `${SIGNS[op]}  ${op}` : label;
}

function path(id) {
  const names = [];
  for (let box = parent(id); box > 0; box = parent(box)) names.unshift(name(box));
  return names.join(" › ");
}

function largest(column, box) {
  let most = 0;
  for (let k = box.first; k < box.last; k++) {
    const x = Math.abs(column[k]);
    if (!(x <= most)) most = x; // a nan stays
  }
  return most;
}

function grown(box) { // the largest numbers in a box, remembered
  box.most ??= { data: largest(D.data, box), grad: largest(D.grad, box) };
  return box.most;
}

// ---- what is visible, and where --------------------------------------------------------------

let open = new Set([0]);
let chosen = 0;
let scene = null;
let down = false; // whether the graph flows down, or to the right

function countVisible(opened, id = 0) {
  if (!isBox(id) || !opened.has(id)) return 1;
  return D.boxes[id].children.reduce((sum, child) => sum + countVisible(opened, child), 0);
}

function size(id) {
  const width = (text, each) => text.length * each;
  if (isBox(id)) return [Math.min(240, Math.max(120, width(name(id), 7.6) + 46, width(inside(id), 6.5) + 24)), 50];
  const k = scalar(id);
  if (kindOf(k) === "constant") return [Math.max(58, width(name(id), 7.6) + 26), 30];
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
  for (const edge of edges) edge.line = line(edge);
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

const PAD = 18, HEAD = 30;

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
  const shift = Math.max(0, (title - width - 2 * PAD) / 2), start = [PAD + shift, HEAD + 4];
  const moved = (point) => turned(point).map((x, k) => x + start[k]);
  units.forEach((one, k) => { [one.dx, one.dy] = moved(found.at[k]); });
  edges.forEach((edge, k) => { edge.through = found.through[k].map(moved); edge.back = found.back[k]; });
  container.w = width + 2 * (PAD + shift);
  container.h = height + HEAD + 4 + PAD;
  const middle = down ? container.w / 2 : container.h / 2;
  container.port = { in: [0, middle], out: [down ? container.h : container.w, middle] };
  for (const [side, port] of ports) container.port[side][1] = moved(found.at[port])[down ? 0 : 1];
  for (const side of ["in", "out"]) if (down) container.port[side].reverse();
  container.ways = new Map();
  pairs.forEach(([a, b], k) => { if (k >= edges.length) container.ways.set(`${Math.min(a, b)} ${a > b ? "in" : "out"}`, found.through[k].map(moved)); });
}

function line(edge) {
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
  let [x1, y1] = points[0].map(Math.round), d = `M${x1} ${y1}`;
  for (let k = 1; k < points.length; k++) {
    const [x2, y2] = points[k].map(Math.round);
    if (down ? x1 === x2 : y1 === y2) d += down ? `V${y2}` : `H${x2}`;
    else if (down) d += `C${x1} ${(y1 + y2) / 2} ${x2} ${(y1 + y2) / 2} ${x2} ${y2}`;
    else d += `C${(x1 + x2) / 2} ${y1} ${(x1 + x2) / 2} ${y2} ${x2} ${y2}`;
    [x1, y1] = [x2, y2];
  }
  return d;
}

// ---- drawing ----------------------------------------------------------------------------------

function svg(tag, attributes, ...inside) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...inside);
  return element;
}

const shorten = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

function describe(id) {
  if (!isBox(id)) {
    const k = scalar(id);
    return `${name(id, D.label)}, ${kindOf(k)}, data ${digits(D.data[k])}, gradient ${digits(D.grad[k])}`;
  }
  const box = D.boxes[id];
  return `${name(id)}, ${box.last - box.first} scalars, ${open.has(id) ? "open" : "closed"}`;
}

function drawItem({ id, w, h }) { // with its corner at the origin
  const small = h <= 30, kind = isBox(id) ? "box" : kindOf(scalar(id));
  const g = svg("g", { class: `item ${kind}`, "data-id": id, role: "button", tabindex: -1, "aria-label": describe(id) });
  if (isBox(id)) {
    g.setAttribute("aria-expanded", "false");
    if (D.boxes[id].kind !== "module") g.append(svg("rect", { class: "under", x: 4, y: 4, width: w, height: h, rx: 8 }));
  }
  g.append(svg("rect", { class: "card", width: w, height: h, rx: 8 }));
  if (!isBox(id)) g.append(svg("rect", { class: "stripe", y: 7, width: 4, height: h - 14, rx: 2 }));
  const most = Math.floor((w - (isBox(id) ? 40 : 22)) / 7.4);
  g.append(svg("text", { class: "name", x: 13, y: 20 }, shorten(name(id), most)));
  if (isBox(id)) {
    g.append(svg("text", { class: "sign", x: w - 22, y: 20 }, "+"));
    g.append(svg("text", { class: "small", x: 13, y: 38 }, inside(id)));
  } else if (!small) {
    const k = scalar(id);
    g.append(svg("text", { class: "small", x: 13, y: 37 }, digits(D.data[k])));
    g.append(svg("text", { class: "small", x: w - 10, y: 37, "text-anchor": "end" }, `∂ ${digits(D.grad[k])}`));
  }
  return g;
}

function drawContainer(one) {
  const { id, w, h } = one, x = one.x - w / 2, y = one.y - h / 2;
  const g = svg("g", { class: id === 0 ? "item box open whole" : "item box open", "data-id": id, role: "button", tabindex: -1, "aria-label": describe(id), "aria-expanded": "true" });
  const frame = svg("rect", { class: "card", x, y, width: w, height: h, rx: 12 });
  frame.style.pointerEvents = "none";
  g.append(frame, svg("rect", { x, y, width: w, height: HEAD, fill: "transparent" }));
  g.append(svg("text", { class: "name", x: x + PAD, y: y + 21 }, shorten(name(id), Math.floor((w - 50) / 7.4))));
  if (id !== 0) g.append(svg("text", { class: "sign", x: x + w - 24, y: y + 21 }, "−"));
  return g;
}

const frames = svg("g", {}), lines = svg("g", { class: "edges", "aria-hidden": "true" });
const near = svg("g", { class: "near", "aria-hidden": "true" }), cards = svg("g", {});
$("world").append(frames, lines, near, cards);
const drawn = new Map(); // the elements on the picture: those that stay are only moved

function draw() {
  scene = arrange();
  const heavy = new Map();
  for (const edge of scene.edges) {
    const width = edge.count === 1 ? 1.1 : edge.count <= 16 ? 1.8 : edge.count <= 256 ? 2.6 : 3.4;
    const key = `${width} ${edge.lifted.back ? "back" : ""}`;
    heavy.set(key, (heavy.get(key) ?? "") + edge.line);
  }
  lines.replaceChildren(...[...heavy].map(([key, d]) => {
    const [width, back] = key.split(" ");
    return svg("path", { d, class: back, "stroke-width": width });
  }));
  frames.replaceChildren(...scene.containers.map(drawContainer));
  const shown = new Set(scene.items.map((one) => one.id));
  for (const [id, g] of drawn) {
    if (!shown.has(id)) {
      g.remove();
      drawn.delete(id);
    }
  }
  for (const one of scene.items) {
    if (!drawn.has(one.id)) drawn.set(one.id, cards.appendChild(drawItem(one)));
    drawn.get(one.id).setAttribute("transform", `translate(${Math.round(one.x - one.w / 2)} ${Math.round(one.y - one.h / 2)})`);
  }
  $("count").textContent = `${N.toLocaleString("en")} scalars, ${scene.items.length} boxes shown`;
  if ($("outline").open) outline();
  mark();
}

const element = (id) => $("world").querySelector(`[data-id="${id}"]`);

function mark() {
  for (const old of $("world").querySelectorAll(".chosen")) { old.classList.remove("chosen"); old.setAttribute("tabindex", -1); }
  const now = element(chosen) ?? element(0) ?? $("world").querySelector(".item");
  now.classList.add("chosen");
  now.setAttribute("tabindex", 0);
  const touching = scene.edges.filter((edge) => edge.from.id === chosen || edge.to.id === chosen);
  near.replaceChildren(...touching.map((edge) => svg("path", { d: edge.line })));
}

// ---- moving ------------------------------------------------------------------------------------

let view = { x: 0, y: 0, s: 1 };
const stage = () => $("picture").getBoundingClientRect();

function show() {
  $("world").setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.s})`);
}

function zoom(factor, at = [stage().width / 2, stage().height / 2]) {
  const s = Math.min(3, Math.max(0.05, view.s * factor));
  view = { s, x: at[0] - ((at[0] - view.x) * s) / view.s, y: at[1] - ((at[1] - view.y) * s) / view.s };
  show();
}

function fit(one = scene.root, least = 0) {
  const { width, height } = stage(), margin = 24;
  const s = Math.max(least, Math.min(1.15, (width - 2 * margin) / one.w, (height - 2 * margin - 20) / one.h));
  view = { s, x: width / 2 - one.x * s, y: (height - 20) / 2 - one.y * s };
  if (one.w * s > width) view.x = margin - (one.x - one.w / 2) * s;
  if (one.h * s > height) view.y = margin - (one.y - one.h / 2) * s;
  show();
}

function bringIntoView(one) {
  const { width, height } = stage();
  const left = view.x + (one.x - one.w / 2) * view.s, top = view.y + (one.y - one.h / 2) * view.s;
  const inside = left >= 0 && top >= 0 && left + one.w * view.s <= width && top + one.h * view.s <= height;
  if (inside) return;
  if (one.w * view.s > width || one.h * view.s > height) fit(one, 0.3);
  else {
    view.x = width / 2 - one.x * view.s;
    view.y = height / 2 - one.y * view.s;
    show();
  }
}

// ---- acting ------------------------------------------------------------------------------------

let silence = 0;
function say(text) {
  $("message").textContent = text;
  clearTimeout(silence);
  silence = setTimeout(() => { $("message").textContent = ""; }, 6000);
}

function choose(id, focus = true) {
  chosen = id;
  mark();
  details(id);
  if (focus) element(id)?.focus({ preventScroll: true });
}

function toggle(id) {
  if (!isBox(id) || id === 0) return;
  if (!scene.unit.has(id)) reveal(id);
  const next = new Set(open);
  if (!next.delete(id)) next.add(id);
  const count = countVisible(next);
  if (count > LIMIT) {
    say(`Opening ${name(id)} would show ${count} boxes, more than ${LIMIT} can be read. Close others first: Backspace closes the box around the selection, c closes all.`);
    return;
  }
  const before = scene.unit.get(id);
  const at = before && [before.x - before.w / 2, before.y - before.h / 2];
  open = next;
  chosen = id;
  draw();
  const after = scene.unit.get(id);
  if (at) {
    view.x += (at[0] - (after.x - after.w / 2)) * view.s;
    view.y += (at[1] - (after.y - after.h / 2)) * view.s;
    show();
  }
  bringIntoView(after);
  choose(id);
}

function act(id) {
  if (isBox(id)) toggle(id);
  choose(id);
}

function reveal(id) {
  const needed = [];
  for (let box = parent(id); box >= 0; box = parent(box)) needed.push(box);
  const next = new Set([...open, ...needed]);
  open = countVisible(next) > LIMIT ? new Set(needed) : next;
  chosen = id;
  draw();
  if (view.s < 0.5) view.s = 0.8;
  const one = scene.unit.get(id), { width, height } = stage();
  view.x = width / 2 - one.x * view.s;
  view.y = height / 2 - one.y * view.s;
  show();
  choose(id);
}

function collapseAll() {
  open = new Set([0]);
  chosen = 0;
  draw();
  fit();
  choose(0, false);
}

function turn() {
  down = !down;
  draw();
  fit();
}

function step(key) {
  const here = scene.unit.get(chosen);
  if (!here) return;
  let others;
  const [before, after, above] = down ? ["ArrowUp", "ArrowDown", "ArrowLeft"] : ["ArrowLeft", "ArrowRight", "ArrowUp"];
  const [along, across] = down ? ["y", "x"] : ["x", "y"];
  if (key === before) others = scene.edges.filter((e) => e.to === here).map((e) => e.from);
  else if (key === after) others = scene.edges.filter((e) => e.from === here).map((e) => e.to);
  else others = scene.items.filter((one) => one !== here && (key === above ? one[across] < here[across] - 1 : one[across] > here[across] + 1));
  if (here.units && !others.length) others = here.units.filter((one) => one.w);
  const far = (one) => Math.abs(one[across] - here[across]) + Math.abs(one[along] - here[along]) * (key === before || key === after ? 0.2 : 3);
  others.sort((a, b) => far(a) - far(b));
  if (others.length) {
    choose(others[0].id);
    bringIntoView(others[0]);
  }
}

// ---- the panel ---------------------------------------------------------------------------------

function html(tag, attributes, ...inside) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...inside);
  return made;
}

function link(id, text = name(id)) {
  const button = html("button", { type: "button" }, text);
  button.addEventListener("click", () => reveal(id));
  return button;
}

function table(head, rows, foot) {
  const row = (cells, tag) => html("tr", {}, ...cells.map((cell) => html(tag, {}, cell)));
  return html("table", {}, html("thead", {}, row(head, "th")), html("tbody", {}, ...rows.map((cells) => row(cells, "td"))),
    ...(foot ? [html("tfoot", {}, row(foot, "td"))] : []));
}

const SHOWN = 20;

function details(id) {
  const parts = [html("h2", {}, name(id, D.label))];
  const where = path(id);
  if (where) parts.push(html("p", {}, html("code", {}, where)));
  parts.push(...(isBox(id) ? boxDetails(id) : scalarDetails(scalar(id))));
  $("details").replaceChildren(...parts);
}

function boxDetails(id) {
  const box = D.boxes[id], most = grown(box);
  const counts = new Map();
  for (let k = box.first; k < box.last; k++) {
    const what = D.op[k] >= 0 ? D.ops[D.op[k]].name : kindOf(k);
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  const rows = [...counts].sort((a, b) => b[1] - a[1]).slice(0, SHOWN);
  return [
    html("p", {}, `${(box.last - box.first).toLocaleString("en")} scalars; |data| ≤ ${digits(most.data)}, |∂| ≤ ${digits(most.grad)}`),
    table(["inside", "scalars"], rows.map(([what, count]) => [what, count.toLocaleString("en")])),
  ];
}

function scalarDetails(k) {
  const parts = [html("p", { class: "big" }, `data ${digits(D.data[k], 9)}`), html("p", { class: "big" }, `∂ ${digits(D.grad[k], 9)}`)];
  if (D.op[k] >= 0) {
    const op = D.ops[D.op[k]];
    parts.push(html("p", {}, `${op.name}: ${op.summary}`));
    if (op.formula) parts.push(html("p", {}, html("code", {}, op.formula + (op.settings ? `   with ${op.settings}` : ""))));
  }
  if (D.sources[D.source[k]]) parts.push(html("p", {}, html("code", {}, D.sources[D.source[k]])));
  if (start[k + 1] > start[k]) {
    const rows = [];
    for (let e = start[k]; e < start[k + 1] && rows.length < SHOWN; e++) {
      const x = input[e];
      rows.push([link(-1 - x), digits(D.data[x]), D.partials ? digits(D.partials[k][e - start[k]]) : ""]);
    }
    const more = start[k + 1] - start[k] - rows.length;
    parts.push(html("h3", {}, more > 0 ? `Computed from (${more} more not listed)` : "Computed from"));
    parts.push(table(["input", "data", D.partials ? "local ∂" : ""], rows));
  }
  const used = users(k);
  if (used.length) parts.push(html("h3", {}, "Receipt of its gradient"), receipt(k, used));
  return parts;
}

function receipt(k, used) {
  if (!D.partials) {
    const rows = used.slice(0, SHOWN).map(([user]) => [link(-1 - user), digits(D.grad[user])]);
    return table([`used by (${used.length})`, "∂"], rows);
  }
  const rows = used.map(([user, place]) => ({ user, local: D.partials[user][place], up: D.grad[user] }));
  for (const row of rows) row.amount = row.local * row.up;
  rows.sort((a, b) => Math.abs(b.amount) - Math.abs(a.amount));
  const cells = rows.slice(0, SHOWN).map((r) => [link(-1 - r.user), digits(r.local), digits(r.up), digits(r.amount)]);
  const rest = rows.slice(SHOWN);
  if (rest.length) cells.push([`${rest.length} more`, "", "", digits(rest.reduce((sum, r) => sum + r.amount, 0))]);
  return table(["used by", "local ×", "upstream", "= part"], cells, ["sum", "", "", digits(rows.reduce((sum, r) => sum + r.amount, 0), 6)]);
}

function outline() {
  const list = (one) => html("ul", {}, ...one.units.map((inner) => {
    const item = html("li", {}, link(inner.id, describe(inner.id)));
    if (isBox(inner.id)) {
      const button = html("button", { type: "button", "aria-expanded": String(Boolean(inner.units)) }, inner.units ? "close" : "open");
      button.addEventListener("click", () => toggle(inner.id));
      item.append(" ", button);
    }
    if (inner.units) item.append(list(inner));
    return item;
  }));
  $("outline").lastElementChild.replaceChildren(list(scene.root));
}

// ---- search -----------------------------------------------------------------------------------

function search(text) {
  const wanted = text.trim().toLowerCase(), found = $("found");
  if (!wanted) { found.hidden = true; return; }
  const hit = (rows) => rows.map((row) => row.toLowerCase().includes(wanted));
  const labels = hit(D.labels), ops = hit(D.ops.map((op) => op.name)), scopes = hit(D.scopes);
  const ids = [];
  D.boxes.forEach((box, k) => { if (k && ids.length < 15 && `${box.label} ${box.path}`.toLowerCase().includes(wanted)) ids.push(k); });
  for (let k = 0; k < N && ids.length < 40; k++) {
    if (labels[D.label[k]] || (D.op[k] >= 0 && ops[D.op[k]]) || scopes[D.scope[k]]) ids.push(-1 - k);
  }
  found.replaceChildren(...ids.map((id) => {
    const button = link(id);
    button.append(html("small", {}, isBox(id) ? path(id) : `${path(id)} data ${digits(D.data[scalar(id)])}`));
    button.addEventListener("click", () => { found.hidden = true; });
    return html("li", {}, button);
  }));
  if (!ids.length) found.append(html("li", {}, "Nothing is called that."));
  found.hidden = false;
}

// ---- events -----------------------------------------------------------------------------------

const itemAt = (target) => target.closest?.(".item");
const pointers = new Map();
let dragged = false;

$("picture").addEventListener("pointerdown", (event) => {
  pointers.set(event.pointerId, [event.clientX, event.clientY]);
  dragged = false;
  $("found").hidden = true;
});
window.addEventListener("pointermove", (event) => {
  const before = pointers.get(event.pointerId);
  if (!before) return;
  const now = [event.clientX, event.clientY];
  if (!dragged && Math.hypot(now[0] - before[0], now[1] - before[1]) < 4) return;
  dragged = true;
  $("picture").classList.add("dragging");
  if (pointers.size === 2) {
    const [other] = [...pointers].filter(([key]) => key !== event.pointerId).map(([, place]) => place);
    const gap = (p) => Math.hypot(p[0] - other[0], p[1] - other[1]), box = stage();
    zoom(gap(now) / Math.max(1, gap(before)), [(now[0] + other[0]) / 2 - box.left, (now[1] + other[1]) / 2 - box.top]);
  } else {
    view.x += now[0] - before[0];
    view.y += now[1] - before[1];
    show();
  }
  pointers.set(event.pointerId, now);
});
for (const end of ["pointerup", "pointercancel"]) {
  window.addEventListener(end, (event) => {
    pointers.delete(event.pointerId);
    $("picture").classList.remove("dragging");
  });
}
$("picture").addEventListener("click", (event) => {
  const item = itemAt(event.target);
  if (item && !dragged) act(Number(item.dataset.id));
});
$("picture").addEventListener("focusin", (event) => {
  const item = itemAt(event.target);
  if (item && Number(item.dataset.id) !== chosen) choose(Number(item.dataset.id), false);
});
$("picture").addEventListener("wheel", (event) => {
  event.preventDefault();
  const box = stage(), amount = event.deltaMode ? event.deltaY * 18 : event.deltaY;
  zoom(Math.exp(-Math.max(-120, Math.min(120, amount)) / 400), [event.clientX - box.left, event.clientY - box.top]);
}, { passive: false });

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || $("keys").open) return;
  if (event.target.matches?.("input")) {
    if (event.key === "Escape") { $("search").value = ""; search(""); element(chosen)?.focus(); }
    if (event.key === "Enter" || event.key === "ArrowDown") { event.preventDefault(); $("found").querySelector("button")?.focus(); if (event.key === "Enter") document.activeElement.click?.(); }
    return;
  }
  const inPicture = Boolean(itemAt(event.target)) || event.target === document.body;
  const deeds = {
    "/": () => $("search").focus(), "?": () => $("keys").showModal(),
    "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), 0: () => fit(), c: collapseAll, d: theme, r: turn,
    Escape: () => { $("found").hidden = true; },
  };
  if (inPicture) {
    for (const key of ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]) deeds[key] = () => step(key);
    deeds.Enter = deeds[" "] = () => act(chosen);
    deeds.Backspace = () => { if (open.has(chosen) && chosen) toggle(chosen); else if (parent(chosen) > 0) toggle(parent(chosen)); };
  }
  if (deeds[event.key]) { event.preventDefault(); deeds[event.key](); }
});

function theme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
}

$("search").addEventListener("input", () => search($("search").value));
$("collapse").addEventListener("click", collapseAll);
$("in").addEventListener("click", () => zoom(1.25));
$("out").addEventListener("click", () => zoom(0.8));
$("fit").addEventListener("click", () => fit());
$("turn").addEventListener("click", turn);
$("theme").addEventListener("click", theme);
$("help").addEventListener("click", () => $("keys").showModal());
$("outline").addEventListener("toggle", () => { if ($("outline").open) outline(); });
window.addEventListener("resize", () => show());

// ---- begin --------------------------------------------------------------------------------------

function betterDirection() { // the one in which the whole picture is larger
  const { width, height } = stage();
  const scales = [false, true].map((way) => {
    down = way;
    const { root } = arrange();
    return Math.min(width / root.w, height / root.h, 1);
  });
  down = scales[1] > scales[0];
}

for (const id of D.open) open.add(id);
betterDirection();
draw();
fit(scene.root, stage().width < 600 ? 0.55 : 0.3);
choose(0, false);
