// The page: controls, pictures and receipts. All numbers come from the session in frames.

import { connect } from "./transport.js";
import { classColour, drawCurve, drawLoss, drawPlane, ink, short } from "./charts.js";
import { NetworkView } from "./network.js";
import { LanguageView } from "./language.js";

const $ = (id) => document.getElementById(id);
const { page, transport } = document.body.dataset;
const state = { setup: null, now: null, picture: {}, losses: [], chosen: null, frame: null, tool: "look", row: 0 };
window.neuroflow = state; // for tests and for the curious: what the page knows

// Address ---------------------------------------------------------------------------------------

const TEXTS = ["f", "dataset", "activation", "loss", "optimizer", "schedule"];

function setupInAddress() {
  const found = {};
  for (const [name, text] of new URLSearchParams(location.hash.slice(1))) {
    if (name === "hidden") found.hidden = text ? text.split(",").map(Number) : [];
    else if (name === "rows") found.rows = text.split(";").map((row) => row.split(",").map(Number));
    else found[name] = TEXTS.includes(name) ? text : Number(text);
  }
  return found;
}

function writeAddress(setup) {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(setup)) {
    if (name === "dataset" && page !== "classification") continue;
    if (name === "rows") words.set(name, value.map((row) => row.map((x) => Number(x.toFixed(4))).join(",")).join(";"));
    else words.set(name, Array.isArray(value) ? value.join(",") : value);
  }
  history.replaceState(null, "", `#${words}`);
}

// Frames ----------------------------------------------------------------------------------------

const link = connect(page, transport, onFrame, onStatus);
const send = (message) => link.send(message);

function onStatus(kind, told) {
  $("status").textContent = told;
  $("status").classList.toggle("ready", kind === "ready");
  document.body.dataset.status = kind;
  if (kind === "ready") send({ do: "open", setup: setupInAddress() });
  if (kind === "closed") {
    problem(told);
    for (const button of document.querySelectorAll(".bar button, .bar input")) button.disabled = true;
  }
}

function onFrame(frame) {
  ({ setup: onSetup, state: onState, receipt: onReceipt, what_if: onWhatIf, file: onFile, error: onError })[frame.type]?.(frame);
}

function onError(frame) {
  problem(frame.message);
  if (state.setup) fillForm();
}

function problem(text) {
  $("problem").hidden = !text;
  $("problem").querySelector("span").textContent = text;
}

function onSetup(frame) {
  state.setup = frame;
  state.losses = [];
  state.picture = {};
  if (state.chosen?.what === "point" && state.chosen.row >= (frame.picture.points?.length ?? 0)) state.chosen = null;
  problem("");
  buildForm();
  if (frame.picture.pieces) language.build(frame.picture);
  else network.build(frame.network, columnsOf(frame));
  $("network-told").textContent = `${frame.parameters} parameters · orange positive, blue negative`;
  if (!frame.watching) writeAddress(frame.setup);
  document.body.classList.toggle("watching", frame.watching);
  document.querySelector("section.plot").hidden = !(frame.picture.xs || frame.picture.box || frame.picture.pieces);
  if (frame.watching) {
    for (const field of document.querySelectorAll("#choices input, #choices select, #f, #tool")) field.disabled = true;
    $("status").textContent = `watches neuroflow train · ${frame.backend}`;
    return;
  }
  for (const id of ["play", "step", "reset", "new-seed", "time"]) $(id).disabled = false;
}

function columnsOf(frame) {
  return page === "function" ? ["x"] : frame.picture.box ? ["x", "y"] : [];
}

function onState(frame) {
  if (!state.setup) return; // of a run that was under way before this page was opened
  state.now = frame;
  state.losses.length = Math.min(state.losses.length, frame.losses_from);
  state.losses.push(...frame.losses);
  if (frame.picture) state.picture = frame.picture;
  if (frame.picture?.problem) problem(frame.picture.problem);
  $("play-word").textContent = frame.playing ? "Pause" : "Play";
  $("play").firstElementChild.textContent = frame.playing ? "⏸" : "▶";
  $("play").setAttribute("aria-pressed", frame.playing);
  $("edited").hidden = !frame.edited;
  showTime(frame);
  showNumbers(frame);
  requestDraw();
  if (!frame.playing && state.chosen) ask();
}

function showTime(frame) {
  const slider = $("time");
  const last = Math.max(frame.step, ...frame.snapshots);
  slider.max = last;
  if (document.activeElement !== slider || frame.playing) slider.value = frame.step;
  $("time-word").textContent = `step ${frame.step} of ${frame.steps}`;
}

function showNumbers(frame) {
  const rows = [["Epoch", frame.epoch], ["Loss", short(frame.loss)], ["Learning rate", short(frame.learning_rate, 3)]];
  if (state.picture.accuracy !== undefined) rows.push(["Accuracy", `${(100 * state.picture.accuracy).toFixed(1)} %`]);
  if (frame.metrics.r2 !== undefined) rows.push(["R²", short(frame.metrics.r2)]);
  if (frame.metrics.test_accuracy !== undefined) rows.push(["Held out", `${(100 * frame.metrics.test_accuracy).toFixed(1)} %`]);
  rows.push(["Gradient", short(frame.gradient_norm, 3)], ["Seed", state.setup.setup.seed]);
  const list = $("numbers");
  if (list.children.length !== rows.length) {
    list.replaceChildren(...rows.map(() => el("div", {}, el("dt"), el("dd"))));
  }
  rows.forEach(([name, value], k) => {
    list.children[k].children[0].textContent = name;
    list.children[k].children[1].textContent = value;
  });
}

let drawing = false;
function requestDraw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => { drawing = false; draw(); });
}

function draw() {
  if (!state.setup || !state.now) return;
  const still = state.setup.picture, row = state.chosen?.what === "point" ? state.chosen.row : null;
  if (still.pieces) return drawLanguage(still);
  if (still.xs) state.frame = drawCurve($("plot"), still, state.picture, row);
  else if (still.box) state.frame = drawPlane($("plot"), still, state.picture, row, state.setup.loss.includes("hinge"));
  const end = `${state.now.step} step${state.now.step === 1 ? "" : "s"}: loss ${short(state.now.loss)}`;
  $("plot").setAttribute("aria-label", still.xs
    ? `Curve of the network and of f(x) after ${end}`
    : `${still.points?.length ?? 0} points and what the network says about every place, after ${end}`);
  $("plot-told").textContent = told(still);
  drawLoss($("loss"), state.losses, state.now.step, state.now.steps);
  $("loss-told").textContent = `${state.setup.loss}, log scale`;
  const strongest = network.update(state.now.numbers);
  if (strongest) $("network-told").textContent = `${state.setup.parameters} parameters · orange positive, blue negative, widest ${short(strongest, 3)}`;
}

function drawLanguage(still) {
  language.update(still, state.picture, state.chosen);
  drawLoss($("loss"), state.losses, state.now.step, state.now.steps);
  $("loss-told").textContent = `${state.setup.loss} per character, log scale`;
  $("plot-told").textContent = `${state.setup.examples} names, ${state.setup.parameters} parameters; all numbers are those of the graph after ${state.now.step} steps.`;
}

function told(still) {
  if (still.xs) return `${still.points.length} examples; the network never sees the dashed line, only the dots.`;
  const wrong = state.picture.classes?.filter((k, i) => k !== still.points[i][2]).length ?? 0;
  const margin = state.setup.loss.includes("hinge") && !Array.isArray(state.picture.background?.[0]) ? "; dashed: the margins at ±1" : "";
  return `${still.points.length} points, ${wrong} on the wrong side (×)${margin}.`;
}

// Controls --------------------------------------------------------------------------------------

$("play").onclick = () => send({ do: state.now?.playing ? "pause" : "play" });
$("step").onclick = () => send({ do: "step", count: 1 });
$("reset").onclick = () => send({ do: "reset" });
$("new-seed").onclick = () => send({ do: "reset", seed: "new" });
$("speed").onchange = () => send({ do: "speed", value: Number($("speed").value) });
$("time").oninput = () => send({ do: "seek", step: Number($("time").value) });
$("problem").querySelector("button").onclick = () => problem("");
$("toml").onclick = () => send({ do: "export", what: "toml" });
$("model").onclick = () => send({ do: "export", what: "model" });
$("share").onclick = async () => {
  try {
    await navigator.clipboard.writeText(location.href);
    $("share").textContent = "Copied";
  } catch {
    $("share").textContent = "Copy it from the address bar";
  }
  setTimeout(() => { $("share").textContent = "Copy link"; }, 2000);
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, select, textarea")) return;
  const act = { " ": "play", s: "step", r: "reset", n: "new-seed" }[event.key];
  if (!act || (event.key === " " && event.target.closest("button, summary, a"))) return;
  event.preventDefault();
  if (!$(act).disabled) $(act).click();
});

function onFile(frame) {
  const content = frame.text ?? Uint8Array.from(atob(frame.base64), (c) => c.charCodeAt(0));
  const address = URL.createObjectURL(new Blob([content]));
  el("a", { href: address, download: frame.name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10000);
}

// Set-up ----------------------------------------------------------------------------------------

const LABELS = { dataset: "Data", points: "Points", noise: "Noise", classes: "Classes", hidden: "Hidden layers", activation: "Activation",
  layers: "Blocks", width: "Numbers per token", heads: "Heads", loss: "Loss", optimizer: "Optimizer", learning_rate: "Learning rate", schedule: "Schedule", l2: "L2 penalty", batch: "Batch", epochs: "Epochs", seed: "Seed" };
const PAIRS = [["layers"], ["width", "heads"], ["points", "noise"], ["classes"], ["hidden"], ["activation"], ["loss"], ["optimizer"], ["learning_rate", "l2"], ["schedule"], ["epochs", "batch"], ["seed"]];

function buildForm() {
  const form = $("choices");
  const focused = document.activeElement?.id;
  form.replaceChildren();
  const { offers } = state.setup;
  if (offers.dataset) form.append(fieldOf("dataset"));
  for (const names of PAIRS) {
    const fields = names.filter(isOffered).map(fieldOf);
    if (fields.length) form.append(fields.length > 1 ? el("div", { className: "pair" }, ...fields) : fields[0]);
  }
  $("formula").hidden = page !== "function" || state.setup.setup.f === undefined;
  $("tools").hidden = !state.setup.picture.box;
  const isLanguage = Boolean(state.setup.picture.pieces);
  $("language").hidden = !isLanguage;
  $("plot").hidden = $("network-card").hidden = isLanguage;
  buildTools();
  fillForm();
  if (focused) $(focused)?.focus({ preventScroll: true });
}

const isOffered = (name) => name in state.setup.offers || name in state.setup.setup || name === "batch";

function fieldOf(name) {
  const choice = state.setup.choices[name], offered = state.setup.offers[name];
  let field;
  if (offered) {
    field = el("select", { id: `choice-${name}` });
    const names = [...offered];
    if (!names.some((o) => o.name === state.setup.setup[name])) names.push({ name: state.setup.setup[name], summary: "", from: "" });
    field.append(...names.map((o) => el("option", { value: o.name, title: o.summary, textContent: o.name === "rows" ? "own points" : o.from ? `${o.name} (${o.from})` : o.name })));
  } else if (choice.kind === "sizes") {
    field = el("input", { id: `choice-${name}`, type: "text", inputMode: "numeric", placeholder: "16, 16" });
  } else {
    const number = { min: choice.low, max: choice.high, step: choice.kind === "whole" ? 1 : "any" };
    field = el("input", { id: `choice-${name}`, type: "number", ...number, placeholder: name === "batch" ? "all" : "" });
  }
  field.onchange = () => configure(name, field);
  return el("label", { title: choice.meaning }, LABELS[name] ?? name, field);
}

function fillForm() {
  for (const [name, value] of Object.entries(state.setup.setup)) {
    const field = $(`choice-${name}`);
    if (field) field.value = Array.isArray(value) ? value.join(", ") : value;
  }
  if (document.activeElement !== $("f")) $("f").value = state.setup.setup.f ?? "";
}

function configure(name, field) {
  const { kind } = state.setup.choices[name];
  const text = field.value.trim();
  if (text === "" && kind !== "sizes") return fillForm();
  const value = kind === "sizes" ? (text ? text.split(/[\s,]+/).map(Number) : []) : kind === "number" || kind === "whole" ? Number(text) : text;
  send({ do: "configure", setup: { [name]: value } });
}

$("f").onchange = () => send({ do: "configure", setup: { f: $("f").value } });
$("choices").onsubmit = (event) => event.preventDefault();

// Points ----------------------------------------------------------------------------------------

function buildTools() {
  const labels = state.setup.picture.labels ?? [];
  const more = labels.length < 6 ? [["add-" + labels.length, `adds a point of a new class`]] : [];
  const tools = [["look", "shows the receipt"], ...labels.map((label, k) => [`add-${k}`, `adds a point of class ${label}`]), ...more, ["remove", "removes a point"]];
  $("tool").replaceChildren(...tools.map(([value, textContent]) => el("option", { value, textContent })));
  if (!tools.some(([value]) => value === state.tool)) state.tool = "look";
  $("tool").value = state.tool;
}
$("tool").onchange = () => { state.tool = $("tool").value; };

const plot = $("plot");
let dragged = null;

function nearest(event) {
  const { left, top } = plot.getBoundingClientRect();
  const x = event.clientX - left, y = event.clientY - top;
  let best = null, least = 14;
  (state.setup?.picture.points ?? []).forEach((p, k) => {
    const far = Math.hypot(state.frame.x(p[0]) - x, state.frame.y(p[1]) - y);
    if (far < least) [best, least] = [k, far];
  });
  return { row: best, at: [state.frame.backX(x), state.frame.backY(y)] };
}

const points = () => state.setup.picture.points.map((p) => [...p]);
const sendRows = (rows) => send({ do: "rows", rows });

plot.onpointerdown = (event) => {
  if (!state.frame) return;
  const { row } = nearest(event);
  dragged = row !== null && !state.setup.watching && state.setup.picture.box ? { row, x: event.clientX, y: event.clientY, moved: false } : null;
  if (dragged) plot.setPointerCapture(event.pointerId);
};
plot.onpointermove = (event) => {
  if (!dragged) {
    if (state.frame) plot.style.cursor = nearest(event).row === null ? "crosshair" : "pointer";
    return;
  }
  if (!dragged.moved && Math.hypot(event.clientX - dragged.x, event.clientY - dragged.y) < 4) return;
  dragged.moved = true;
  const { at } = nearest(event);
  state.setup.picture.points[dragged.row].splice(0, 2, ...at);
  requestDraw();
};
plot.onpointerup = (event) => {
  if (!state.frame) return;
  const { row, at } = nearest(event);
  const moved = dragged?.moved;
  dragged = null;
  if (moved) sendRows(points());
  else if (state.tool.startsWith("add-")) sendRows([...points(), [...at, Number(state.tool.slice(4))]]);
  else if (row !== null && state.tool === "remove") sendRows(points().filter((_, k) => k !== row));
  else if (row !== null) choose({ what: "point", row });
};
plot.onkeydown = (event) => {
  const rows = state.setup?.picture.points;
  if (!rows?.length) return;
  const row = state.chosen?.what === "point" ? state.chosen.row : null;
  const way = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
  if (way && event.shiftKey && row !== null && state.setup.picture.box) {
    const size = (state.setup.picture.box[1] - state.setup.picture.box[0]) / 40;
    const moved = points();
    moved[row][0] += way[0] * size;
    moved[row][1] += way[1] * size;
    sendRows(moved);
  } else if (way) {
    const step = way[0] + way[1];
    choose({ what: "point", row: row === null ? 0 : (row + step + rows.length) % rows.length });
  } else if (event.key === "Delete" && row !== null && state.setup.picture.box) {
    sendRows(points().filter((_, k) => k !== row));
  } else return;
  event.preventDefault();
};

// Receipts --------------------------------------------------------------------------------------

const network = new NetworkView($("network"), choose);
const language = new LanguageView(document, send, choose);

function choose(chosen) {
  state.chosen = chosen;
  network.choose(chosen);
  ask();
  requestDraw();
}

function ask() {
  const { what, name, row } = state.chosen;
  if (what === "point") state.row = row;
  if (what === "point") send({ do: "explain", what, row });
  else if (what === "neuron") send({ do: "explain", what, name, row: Math.min(state.row, state.setup.examples - 1) });
  else send({ do: "explain", what, name });
}

function onReceipt(frame) {
  const editing = $("receipt").contains(document.activeElement) && document.activeElement.type === "number";
  if (editing && state.shown === frame.title && state.now.playing) return;
  state.shown = frame.title;
  state.receipt = frame;
  const build = { attention: ofAttention, parameter: ofParameter, neuron: ofNeuron, point: ofPoint }[frame.what];
  $("receipt").replaceChildren(...build(frame));
}

function ofParameter(frame) {
  const field = el("input", { type: "number", step: "any", value: Number(frame.value.toPrecision(6)), id: "weight" });
  const slider = el("input", { type: "range", min: -1, max: 1, step: 0.01, value: 0, id: "weight-change" });
  slider.setAttribute("aria-label", "change of the weight");
  slider.oninput = () => {
    field.value = Number((frame.value + Number(slider.value)).toPrecision(6));
    send({ do: "what_if", name: frame.title, by: Number(slider.value) });
  };
  field.oninput = () => {
    const by = Number(field.value) - frame.value;
    if (field.value !== "" && Number.isFinite(by)) send({ do: "what_if", name: frame.title, by });
  };
  const set = el("button", { type: "button", textContent: "Set", id: "set-weight" });
  set.onclick = () => send({ do: "edit", name: frame.title, value: Number(field.value) });
  field.onkeydown = (event) => { if (event.key === "Enter") set.click(); };
  return [
    head(frame.title, frame.value),
    el("div", {},
      el("h3", {}, "Edit it"),
      el("div", { className: "edit" }, el("label", {}, "value ", field), set, slider),
      el("p", { className: "small", id: "what-if" }, "Move the slider to see what a change would do to the loss.")),
    gradientOf(frame),
  ];
}

function onWhatIf(frame) {
  const home = $("what-if");
  if (!home || state.shown !== frame.name) return;
  home.textContent = `${signed(frame.by)} changes ${frame.of} from ${short(frame.before, 5)} by ${signed(frame.actual)}; `
    + `predicted ${signed(frame.predicted)} = ${signed(frame.first_order)} (slope) ${signed(frame.second_order)} (curvature)`;
}

const signed = (x) => (x > 0 ? `+${short(x, 3)}` : short(x, 3));

function ofNeuron(frame) {
  const most = Math.max(...frame.terms.map((t) => Math.abs(t.product)), 1e-12);
  const neuron = state.setup.network.layers.flatMap((l) => l.neurons).find((n) => n.path === frame.title);
  const rows = frame.terms.map((term, k) => {
    const place = k < neuron.weights.length ? neuron.weights[k] : neuron.bias;
    const name = state.setup.network.names[place];
    const button = el("button", { type: "button", className: "link", textContent: term.name });
    button.onclick = () => choose({ what: "parameter", name });
    return row(button, number(term.weight), number(term.input), number(term.product), bar(term.product / most));
  });
  const after = frame.after === null ? "" : `, ${frame.activation} makes it ${short(frame.after, 6)}`;
  return [
    head(frame.title, frame.value, `for example ${frame.row}${after}`),
    el("div", {}, el("h3", {}, "What it adds up"),
      table(["", "weight", "input", "product", ""], [...rows, sum("sum", "", "", number(frame.value), "")])),
    gradientOf(frame),
  ];
}

function ofAttention(frame) {
  const [layer, which, query, key] = frame.title.split(":");
  const [from, to] = [frame.from, frame.to].map((piece) => piece.replace("<BOS>", "the beginning"));
  return [
    head(`${layer}, head ${Number(which) + 1}`, frame.value, `how much "${from}" at position ${query} takes from "${to}" at position ${key}`),
    gradientOf(frame),
  ];
}

function ofPoint(frame) {
  const inputs = frame.inputs.map((x) => row(text(x.name), number(x.value), number(x.slope)));
  const outputs = frame.outputs.map((x, k) => row(text(frame.outputs.length > 1 ? `output ${k}` : "output"), number(x)));
  return [
    head(frame.title, null, `target ${frame.target} · loss ${short(frame.loss, 6)}`),
    el("div", {}, el("h3", {}, "What goes in, and how the loss would change with it"),
      table(["input", "value", "slope of the loss"], inputs),
      table(["", "what the network says"], outputs)),
    el("div", { className: "scroll" }, el("h3", {}, "The loss, and its steepest leaves"), el("pre", {}, frame.text)),
  ];
}

function gradientOf(frame) {
  const rows = frame.parts.map((p) => row(text(p.node, true), number(p.local), text("×"), number(p.upstream), number(p.amount)));
  for (const r of frame.rest) rows.push(row(text(`${r.count} more in ${r.scope || "the loss"}`), "", "", "", number(r.amount)));
  return el("div", { className: "scroll" },
    el("h3", {}, `Slope of ${frame.of}: ${short(frame.gradient, 6)}`),
    frame.parts.length ? table(["used in", "local slope", "", "upstream", "contribution"], [...rows, sum("sum", "", "", "", number(frame.sum))]) : el("p", { className: "small" }, "Nothing uses it."));
}

function head(title, value, more = "") {
  return el("div", { className: "head" }, el("h3", {}, value === null ? title : `${title} = ${short(value, 6)}`), el("span", { className: "small" }, more));
}

function bar(size) {
  const share = Math.abs(size) * 50;
  const inner = el("i");
  inner.style.left = `${size < 0 ? 50 - share : 50}%`;
  inner.style.width = `${share}%`;
  inner.style.background = ink(size < 0 ? "minus" : "plus");
  return el("span", { className: "swatch" }, inner);
}

const number = (x) => el("td", { className: "n" }, short(x, 5));
const text = (x, long) => el("td", { className: long ? "label" : "", title: long ? x : "" }, x);
const row = (...cells) => el("tr", {}, ...cells.map((c) => (c instanceof HTMLTableCellElement ? c : el("td", {}, c))));
const sum = (...cells) => Object.assign(row(...cells), { className: "sum" });
const table = (heads, rows) => el("div", { className: "scroll" }, el("table", {}, el("thead", {}, el("tr", {}, ...heads.map((h) => el("th", {}, h)))), el("tbody", {}, ...rows)));

function el(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

// Light and dark --------------------------------------------------------------------------------

const wanted = new URLSearchParams(location.search).get("theme");
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const setTheme = (name) => { document.documentElement.dataset.theme = name; requestDraw(); };
setTheme(wanted ?? (dark.matches ? "dark" : "light"));
dark.onchange = () => setTheme(dark.matches ? "dark" : "light");
$("theme").onclick = () => setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
new ResizeObserver(requestDraw).observe(plot);
new ResizeObserver(requestDraw).observe($("loss"));
if (window.innerWidth < 1120) $("setup").open = false;
