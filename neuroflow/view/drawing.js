// The scene as elements of the picture.

let scene = null;
let chosen = 0;

function curve(points) { // it leaves and enters every point along the flow
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

function describe(id) {
  if (!isBox(id)) {
    const k = scalar(id);
    return `${name(id, D.label)}, ${roleOf(k)}, data ${digits(D.data[k])}, gradient ${digits(D.grad[k])}`;
  }
  const box = D.boxes[id], told = box.look?.told ? `, ${box.look.told}` : "";
  return `${name(id)}${told}, ${box.last - box.first} scalars, ${open.has(id) ? "open" : "closed"}`;
}

// A box as it stands on paper, and over it the colour of a look, as in neuroflow/view/looks.py.
function cardOf(look, w, h) {
  const card = shaped(look?.shape ?? "rounded", w, h, { class: "card" });
  if (!look) return [card];
  return [card, shaped(look.shape, w, h, { fill: look.colour, "fill-opacity": 0.16, stroke: look.colour, "stroke-width": 1.6 })];
}

function shaped(shape, w, h, rest) {
  const form = D.outlines[shape];
  if (!Array.isArray(form)) return svg("rect", { width: w, height: h, rx: Math.min(form, h / 2), ...rest });
  return svg("polygon", { points: form.map(([a, d, b]) => `${a * w + d},${b * h}`).join(" "), ...rest });
}

function drawItem({ id, w, h }) { // with its corner at the origin
  const small = h <= 30, role = isBox(id) ? "box" : roleOf(scalar(id));
  const g = svg("g", { class: `item ${role}`, "data-id": id, role: "button", tabindex: -1, "aria-label": describe(id) });
  if (isBox(id)) {
    g.setAttribute("aria-expanded", "false");
    if (D.boxes[id].holds !== "module") g.append(svg("rect", { class: "under", x: 4, y: 4, width: w, height: h, rx: 8 }));
  }
  g.append(...cardOf(isBox(id) ? D.boxes[id].look : null, w, h));
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
  if (D.boxes[id].look) frame.style.stroke = D.boxes[id].look.colour;
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
    const [, width] = STROKES.find(([most]) => edge.count <= most);
    const key = `${width} ${edge.lifted.back ? "back" : ""}`;
    heavy.set(key, (heavy.get(key) ?? "") + curve(edge.points));
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
  near.replaceChildren(...touching.map((edge) => svg("path", { d: curve(edge.points) })));
}
