// The graph that Python wrote into the page, in flat arrays, and what its parts are called.
// An item is a scalar (-1 - its number) or a box (its number); open boxes show what is inside.

const D = JSON.parse(document.getElementById("data").textContent);
const N = D.op.length;
const isBox = (id) => id >= 0;
const scalar = (id) => -1 - id;

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
const roleOf = (k) => D.roles[D.role[k]];

function name(id, column = D.short) {
  if (isBox(id)) return D.boxes[id].label || "graph";
  const k = scalar(id), label = D.labels[column[k]];
  if (roleOf(k) === "constant") return digits(D.data[k]);
  const op = D.op[k] >= 0 ? D.ops[D.op[k]] : null;
  return op && label === op.name && SIGNS[op.step] ? `${SIGNS[op.step]}  ${label}` : label;
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
