// The panel: the numbers of what is chosen, and the receipt of its gradient.

function link(id, text = name(id)) {
  const button = html("button", { type: "button" }, text);
  button.addEventListener("click", () => reveal(id));
  return button;
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
    const what = D.op[k] >= 0 ? D.ops[D.op[k]].name : roleOf(k);
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
