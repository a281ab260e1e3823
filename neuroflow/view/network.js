// The page of one network. The picture itself is the SVG that Python drew; here it learns to
// move, and each neuron to tell its numbers.

const D = JSON.parse(document.getElementById("data").textContent);
const world = $("world");
const drawn = new DOMParser().parseFromString(D.svg, "image/svg+xml").documentElement;
const [, , WIDTH, HEIGHT] = drawn.getAttribute("viewBox").split(" ").map(Number);
document.head.append(document.adoptNode(drawn.querySelector("style")));
for (const part of [...drawn.children]) {
  if (!["title", "style"].includes(part.tagName) && part.getAttribute("class") !== "paper") world.append(document.adoptNode(part));
}
$("count").textContent = D.network.held;

const neurons = [...world.querySelectorAll("circle")].map((circle) => circle.parentNode);
const lines = [...world.querySelectorAll("line")].map((line) => ({
  line, x1: +line.getAttribute("x1"), y1: +line.getAttribute("y1"), x2: +line.getAttribute("x2"), y2: +line.getAttribute("y2"),
}));
const place = (g) => { const c = g.querySelector("circle"); return [+c.getAttribute("cx"), +c.getAttribute("cy")]; };
const byPath = new Map();
D.network.layers.forEach((layer) => layer.neurons.forEach((neuron) => byPath.set(neuron.path || "neuron", { layer, neuron })));
let chosen = null;

for (const g of neurons) {
  g.classList.add("neuron");
  g.setAttribute("role", "button");
  g.setAttribute("tabindex", "-1");
  g.setAttribute("aria-label", g.querySelector("title").textContent);
}
neurons[0]?.setAttribute("tabindex", "0");

function choose(g, focus = true) {
  for (const old of neurons) { old.classList.toggle("chosen", old === g); old.setAttribute("tabindex", old === g ? "0" : "-1"); }
  chosen = g;
  const [x, y] = place(g);
  for (const { line, x1, y1, x2, y2 } of lines) {
    const touches = (Math.abs(x1 - x) < 20 && y1 === y) || (Math.abs(x2 - x) < 20 && y2 === y);
    line.classList.toggle("dim", !touches);
  }
  const path = g.querySelector("title").textContent.split(": ")[0];
  const known = byPath.get(path);
  const parts = [html("h2", {}, path)];
  if (known) {
    const { layer, neuron } = known;
    parts.push(html("p", {}, `activation ${layer.activation}${layer.provider ? `, from ${layer.provider}` : ""}`));
    const body = neuron.weights.map((w, k) => html("tr", {}, html("td", {}, `weights.${k}`), html("td", {}, digits(w, 6)), html("td", {}, digits(neuron.weight_grads[k], 4))));
    if (neuron.bias !== null) body.push(html("tr", {}, html("td", {}, "bias"), html("td", {}, digits(neuron.bias, 6)), html("td", {}, "")));
    parts.push(html("table", {}, html("thead", {}, html("tr", {}, html("th", {}, "parameter"), html("th", {}, "value"), html("th", {}, "∂"))), html("tbody", {}, ...body)));
  }
  $("details").replaceChildren(...parts);
  if (focus) g.focus({ preventScroll: true });
}

function clear() {
  chosen?.classList.remove("chosen");
  chosen = null;
  for (const { line } of lines) line.classList.remove("dim");
  $("details").replaceChildren(html("h2", {}, D.title), html("p", {}, html("code", {}, D.network.model)), html("p", {}, neurons.length ? "Choose a neuron to see its numbers and its lines." : "The modules of the model, and how many parameters each has."));
}

function step(key) {
  if (!neurons.length) return;
  const here = place(chosen ?? neurons[0]), across = key === "ArrowLeft" || key === "ArrowRight", sign = key === "ArrowLeft" || key === "ArrowUp" ? -1 : 1;
  const ahead = neurons.filter((g) => { const p = place(g); return across ? (p[0] - here[0]) * sign > 1 : p[0] === here[0] && (p[1] - here[1]) * sign > 1; });
  const far = (g) => Math.abs(place(g)[0] - here[0]) * 3 + Math.abs(place(g)[1] - here[1]);
  ahead.sort((a, b) => far(a) - far(b));
  if (ahead[0]) choose(ahead[0]);
}

mostZoom = 6;
function fit() {
  const { width, height } = stage(), s = Math.min(1.6, (width - 16) / WIDTH, (height - 16) / HEIGHT);
  view = { s, x: (width - WIDTH * s) / 2, y: (height - HEIGHT * s) / 2 };
  show();
}

$("picture").addEventListener("click", (event) => {
  if (dragged) return;
  const g = event.target.closest?.(".neuron");
  if (g) choose(g); else clear();
});
$("picture").addEventListener("focusin", (event) => { const g = event.target.closest?.(".neuron"); if (g && g !== chosen) choose(g, false); });
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches?.("input")) return;
  const deeds = { "/": () => $("search").focus(), "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), 0: fit, d: theme, Escape: clear };
  for (const key of ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]) deeds[key] = () => step(key);
  if (deeds[event.key]) { event.preventDefault(); deeds[event.key](); }
});
$("search").addEventListener("input", () => {
  const wanted = $("search").value.trim().toLowerCase();
  const found = wanted && neurons.find((g) => g.querySelector("title").textContent.toLowerCase().includes(wanted));
  if (found) choose(found, false);
  $("message").textContent = wanted && !found ? "No neuron on the picture is called that." : "";
});
for (const [id, deed] of [["in", () => zoom(1.25)], ["out", () => zoom(0.8)], ["fit", fit], ["theme", theme]]) $(id).addEventListener("click", deed);
window.addEventListener("resize", fit);
fit();
clear();
