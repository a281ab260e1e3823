// The page: frames come in, pictures are drawn, buttons send messages. All numbers come from the
// tab, none is made here.

import { captionOf, meaningOf } from "./story.js";
import { connect } from "./transport.js";
import { drawCurve, drawLoss, drawPlane, short } from "./charts.js";
import { setupInAddress, writeAddress } from "./address.js";
import { Asker } from "./asking.js";
import { el } from "./elements.js";
import { ExampleList } from "./examples.js";
import { Form } from "./form.js";
import { keep, kept } from "./kept.js";
import { LanguageView } from "./language.js";
import { unpacked } from "./maps.js";
import { NetworkView } from "./network.js";
import { Panels } from "./panels.js";
import { ParameterList } from "./parameters.js";
import { PointsView } from "./points.js";
import { Popover } from "./popover.js";
import { ReceiptView } from "./receipt.js";

const $ = (id) => document.getElementById(id);
const { page, transport } = document.body.dataset;
const state = { setup: null, now: null, picture: {}, numbers: null, losses: [], chosen: null, hovered: null, frame: null, tool: "look", row: 0 };
window.neuroflow = state; // for tests and for the curious: what the page knows

const link = connect(page, transport, onFrame, onStatus);
const send = (message) => link.send(message);
state.send = send;

// Receipts --------------------------------------------------------------------------------------

const asker = new Asker($("why"), send, messageOf, onShow, onTarget, () => popover.way === "docked");
state.asker = asker;
const receipts = new ReceiptView($("receipt"), $("receipt-said"), send, (target) => asker.pin(target), () => state.setup.network, (way) => asker.toggle(way));
const popover = new Popover($("why"), () => asker.shown && boxOf(asker.shown), () => Boolean(asker.target && asker.shown));
Object.assign(state, { popover, boxOf });
const network = new NetworkView($("network"), asker);
const language = new LanguageView(document, send, asker);
const parameters = new ParameterList(asker);
const examples = new ExampleList($("examples"), asker);
const points = new PointsView($("plot"), $("tool"), state, asker, send, requestDraw);
const panels = new Panels($("panels"));
const form = new Form(state, send);

function messageOf({ what, name, row, opened = [] }) {
  if (what === "point") state.row = row;
  if (what === "point") return { do: "explain", what, row };
  if (what === "neuron") return { do: "explain", what, name, row: Math.min(state.row, state.setup.examples - 1), opened };
  return { do: "explain", what, name, opened };
}

function onShow(frame) {
  if (receipts.show(frame, state.now?.playing)) state.receipt = frame;
  popover.about(`${frame.what} ${frame.title}`);
  popover.request();
}

function onTarget() {
  state.chosen = asker.pinned;
  state.hovered = asker.hovered;
  network.choose(asker.target);
  popover.request();
  requestDraw();
}

// Where on the screen a thing is that is asked about: as it was asked, or where it is drawn.
function boxOf(target) {
  const { from, what, row, name } = target;
  if (from?.isConnected && from.getClientRects().length) return from.getBoundingClientRect();
  if (what === "point") return points.boxOf(row) ?? examples.boxOf(row);
  if (what === "attention") return language.boxOf(name);
  return network.boxOf(what, name) ?? parameters.boxOf(name);
}

function exists({ what, name, row }) {
  const { names, layers } = state.setup.network;
  if (what === "point") return row < state.setup.examples;
  if (what === "parameter") return names.includes(name);
  return what === "neuron" ? layers.some((layer) => layer.neurons.some((n) => n.path === name)) : what === "attention";
}

function letGo() {
  const from = asker.pinned?.from ?? $("plot"), wasInside = $("why").contains(document.activeElement);
  asker.unpin();
  if (wasInside) (from.isConnected ? from : $("plot")).focus?.({ preventScroll: true });
}

$("unpin").onclick = letGo;

// Frames ----------------------------------------------------------------------------------------

function onStatus(status, told) {
  $("status").textContent = told;
  $("status").classList.toggle("ready", status === "ready");
  document.body.dataset.status = status;
  if (status === "ready") send({ do: "open", setup: setupInAddress(), ...stepBefore() });
  if (status === "closed") {
    problem(told);
    for (const button of document.querySelectorAll(".bar button, .bar input")) button.disabled = true;
  }
}

// The step at which this page was left, if it is loaded again with the same set-up.
function stepBefore() {
  const [hash, step] = JSON.parse(kept(`left-${page}`, "sessionStorage") ?? "[]");
  return hash === location.hash && step > 0 ? { step } : {};
}

addEventListener("pagehide", () => {
  if (state.now && !state.now.edited && !state.setup.watching) keep(`left-${page}`, JSON.stringify([location.hash, state.now.step]), "sessionStorage");
});
addEventListener("hashchange", () => send({ do: "open", setup: setupInAddress() }));

function onFrame(frame) {
  const act = { setup: onSetup, state: onState, receipt: (f) => asker.answer(f), what_if: (f) => receipts.onWhatIf(f), file: onFile, error: onError };
  act[frame.type]?.(frame);
}

function onError(frame) {
  problem(frame.message);
  if (frame.do === "explain") asker.line.answered();
  if (frame.do === "what_if") receipts.changes.answered();
  if (state.setup) form.fill();
}

function problem(text) {
  $("problem").hidden = !text;
  $("problem").querySelector("span").textContent = text;
}

function onSetup(frame) {
  state.setup = frame;
  state.losses = [];
  state.picture = {};
  state.numbers = null;
  asker.forget(exists);
  problem("");
  form.build();
  showParts(frame.picture);
  points.build();
  if (frame.picture.pieces) language.build(frame.picture);
  else network.build(frame.network, columnsOf(frame));
  if (frame.picture.examples && !frame.picture.pieces) examples.build(frame.picture);
  parameters.build(frame.network);
  $("parameters-told").textContent = `${frame.parameters} in ${new Set(frame.network.owners).size} modules`;
  $("network-told").textContent = `${frame.parameters} parameters · orange positive, blue negative`;
  document.body.classList.toggle("watching", frame.watching);
  for (const id of ["play", "time"]) $(id).disabled = false;
  if (frame.watching) return onlyLook(frame);
  writeAddress(page, frame.setup);
  sendSpeed();
  for (const id of ["step", "reset", "new-seed"]) $(id).disabled = false;
}

// Each sort of data has its own picture; a network without neurons is not drawn but listed.
function showParts(still) {
  const isLanguage = Boolean(still.pieces), isDrawn = Boolean(still.xs || still.box);
  $("formula").hidden = page !== "function" || state.setup.setup.f === undefined;
  $("tools").hidden = !still.box;
  $("discrete").parentElement.hidden = !still.box;
  $("language").hidden = !isLanguage;
  $("plot").hidden = !isDrawn;
  $("examples").hidden = !still.examples || isLanguage;
  const drawn = state.setup.network.layers.length > 0 && !isLanguage;
  $("network-card").hidden = !drawn;
  if (!drawn) $("parameters").open = true;
}

function onlyLook(frame) {
  for (const field of document.querySelectorAll("#choices input, #choices select, #f, #tool")) field.disabled = true;
  $("status").textContent = `watches a run · ${frame.backend}`;
}

function columnsOf(frame) {
  return frame.picture.xs ? ["x"] : frame.picture.box ? ["x", "y"] : frame.picture.columns ?? [];
}

function onState(frame) {
  if (!state.setup) return; // of a run that was under way before this page was opened
  state.now = frame;
  state.losses.length = Math.min(state.losses.length, frame.losses_from);
  state.losses.push(...frame.losses);
  state.numbers = frame.numbers ?? state.numbers;
  if (frame.picture) state.picture = frame.picture;
  if (frame.picture?.problem) problem(frame.picture.problem);
  panels.show(frame.panels ?? []);
  $("play-word").textContent = frame.playing ? "Pause" : "Play";
  $("play").setAttribute("aria-pressed", frame.playing);
  $("edited").hidden = !frame.edited;
  showTime(frame);
  showNumbers(frame);
  tell();
  requestDraw();
  if (!frame.playing) asker.again();
}

// The story of the page: what there is to see now, and what to try next.
function tell() {
  const told = captionOf(state);
  if ($("caption").textContent !== told) $("caption").textContent = told;
}

function showTime(frame) {
  const slider = $("time");
  const last = Math.max(frame.step, ...frame.snapshots);
  slider.max = last;
  if (document.activeElement !== slider || frame.playing) slider.value = frame.step;
  $("time-word").textContent = `step ${frame.step} of ${frame.steps}`;
}

function showNumbers(frame) {
  const rows = [["Epoch", frame.epoch], ["Loss", short(frame.loss)], ["Learning rate", short(frame.learning_rate, 3)], ...scores(frame.metrics),
    ["Gradient", short(frame.gradient_norm, 3)], ["Seed", state.setup.setup.seed]];
  const list = $("numbers");
  if (list.children.length !== rows.length) {
    list.replaceChildren(...rows.map(() => el("div", {}, el("dt"), el("dd"))));
  }
  rows.forEach(([name, value], k) => {
    list.children[k].children[0].textContent = name;
    list.children[k].title = meaningOf(name);
    list.children[k].children[1].textContent = value;
  });
}

function scores(metrics) {
  const percent = (x) => `${(100 * x).toFixed(1)} %`, { accuracy } = { ...metrics, ...state.picture };
  const rows = [["Accuracy", accuracy, percent], ["R²", metrics.r2, short], ["Perplexity", metrics.perplexity, short], ["Held out", metrics.test_accuracy, percent],
    ["Held out R²", metrics.test_r2, short], ["Held out loss", metrics.test_loss, short], ["Held out perplexity", metrics.test_perplexity, short]];
  return rows.filter(([, value]) => value !== undefined).map(([name, value, form]) => [name, form(value)]);
}

// Pictures --------------------------------------------------------------------------------------

let drawing = false;
function requestDraw() {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => { drawing = false; draw(); });
}

function draw() {
  if (!state.setup || !state.now) return;
  const still = state.setup.picture, { target } = asker;
  drawLoss($("loss"), state.losses, state.now, still.baselines);
  $("loss-told").textContent = still.pieces ? `${state.setup.loss} per character, log scale` : `${state.setup.loss}, log scale`;
  $("plot-told").textContent = told(still);
  parameters.update(state.numbers);
  if (still.pieces) return language.update(still, state.picture, target);
  drawPlot(still, target);
  if (still.examples) examples.update(still, state.picture, target);
  const strongest = state.numbers && network.update(state.numbers);
  if (state.numbers) network.picture(state.picture.neurons, state.numbers, still, $("discrete").checked);
  if (strongest) $("network-told").textContent = `${state.setup.parameters} parameters · orange positive, blue negative, widest ${short(strongest, 3)}`;
}

// A neuron that is looked at is shown in the picture, large: what it computes there.
function drawPlot(still, target) {
  const row = target?.what === "point" ? target.row : null, discrete = $("discrete").checked;
  const packed = target?.what === "neuron" && state.picture.neurons?.[target.name];
  const neuron = packed ? { name: `neuron ${target.name}`, values: unpacked(packed) } : null;
  $("shows").hidden = !neuron;
  $("shows").textContent = neuron ? `what ${state.receipt?.title === target.name ? state.receipt.words : "this neuron"} computes here` : "";
  if (still.xs) state.frame = drawCurve($("plot"), still, state.picture, row, neuron?.values);
  else if (still.box) state.frame = drawPlane($("plot"), still, state.picture, row, { withMargin: state.setup.loss.includes("hinge"), neuron: neuron?.values, discrete });
  const end = `${state.now.step} step${state.now.step === 1 ? "" : "s"}: loss ${short(state.now.loss)}`;
  $("plot").setAttribute("aria-label", still.xs
    ? `Curve of the network and of f(x) after ${end}`
    : `${still.points?.length ?? 0} points and what the network says about every place, after ${end}`);
}

function told(still) {
  if (still.pieces) return `${state.setup.examples} texts, ${state.setup.parameters} parameters; all numbers are those of the graph after ${state.now.step} steps.`;
  if (still.xs) return `${still.points.length} examples; the network never sees the dashed line, only the dots.`;
  if (!still.box) return `${state.setup.examples} examples of ${still.inputs} numbers, after ${state.now.step} steps.`;
  const wrong = state.picture.classes?.filter((k, i) => k !== still.points[i][2]).length ?? 0;
  const margin = state.setup.loss.includes("hinge") && !Array.isArray(state.picture.background?.[0]) ? "; dashed: the margins at ±1" : "";
  return `${still.points.length} points, ${wrong} on the wrong side (×)${margin}.`;
}

// A smooth run takes about ten seconds, whatever it is, so that one sees how it learns.
$("speed").value = kept("speed") ?? "smooth";
if (!$("speed").value) $("speed").value = "smooth";
function sendSpeed() {
  const chosen = $("speed").value, steps = state.setup?.steps ?? 0;
  send({ do: "speed", value: chosen === "smooth" ? Math.max(15, steps / 10) : Number(chosen) });
}

// Controls --------------------------------------------------------------------------------------

$("play").onclick = () => send({ do: state.now?.playing ? "pause" : "play" });
$("step").onclick = () => send({ do: "step", count: 1 });
$("reset").onclick = () => send({ do: "reset" });
$("new-seed").onclick = () => send({ do: "reset", seed: "new" });
$("speed").onchange = () => { keep("speed", $("speed").value); sendSpeed(); };
$("time").oninput = () => send({ do: "seek", step: Number($("time").value) });
$("problem").querySelector("button").onclick = () => problem("");
$("toml").onclick = () => send({ do: "export", what: "toml" });
$("graph").onclick = () => send({ do: "export", what: "graph", row: Math.min(state.row, state.setup.examples - 1) });
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
  if (event.key === "Escape") letGo();
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

// Light and dark --------------------------------------------------------------------------------

const dark = window.matchMedia("(prefers-color-scheme: dark)");
const setTheme = (name) => { document.documentElement.dataset.theme = name; requestDraw(); };
dark.onchange = () => kept("theme") ?? setTheme(dark.matches ? "dark" : "light");
$("discrete").onchange = requestDraw;
$("theme").onclick = () => {
  setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
  keep("theme", document.documentElement.dataset.theme);
};

// In the book a page is as high as what is in it, so that only the book scrolls.
if (window.frameElement) {
  document.body.classList.add("framed");
  const grow = () => { window.frameElement.style.height = `${Math.ceil(document.body.getBoundingClientRect().height)}px`; };
  new ResizeObserver(grow).observe(document.body);
}
new ResizeObserver(requestDraw).observe($("plot"));
new ResizeObserver(requestDraw).observe($("loss"));
if (window.innerWidth < 1120) $("setup").open = false;
