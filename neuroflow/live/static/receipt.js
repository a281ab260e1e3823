// Receipts as words and tables: where a number comes from, and what changing it would do. Each line
// of a slope can be opened in place: why its local slope is what it is, and whence the other factor.

import { bar, el, number, row, signed, sum, table, text } from "./elements.js";
import { short } from "./charts.js";
import { OneAtATime } from "./asking.js";

export class ReceiptView {
  // networkNow() gives the network of the set-up; choose(target) pins another receipt, and
  // toggle(way) opens or closes a line of this one.
  constructor(home, said, send, choose, networkNow, toggle) {
    Object.assign(this, { home, said, send, choose, networkNow, toggle });
    this.changes = new OneAtATime(send);
    this.title = null;
  }

  // A receipt takes the place of the last one, unless its weight is being edited.
  show(frame, isPlaying) {
    const editing = this.home.contains(document.activeElement) && document.activeElement.matches("input");
    if (editing && this.title === frame.title && (isPlaying || this.value === frame.value)) return false;
    this.title = frame.title;
    this.value = frame.value;
    const build = { attention: this.ofAttention, parameter: this.ofParameter, neuron: this.ofNeuron, point: this.ofPoint }[frame.what];
    const focused = this.home.contains(document.activeElement) ? document.activeElement.id : "";
    this.home.replaceChildren(...build.call(this, frame));
    if (focused) document.getElementById(focused)?.focus();
    this.say(frame.said);
    return true;
  }

  // For those who hear the page; the same sentence is not said twice.
  say(told) {
    if (this.said.textContent !== told) this.said.textContent = told;
  }

  ofParameter(frame) {
    const field = el("input", { type: "number", step: "any", value: Number(frame.value.toPrecision(6)), id: "weight" });
    const slider = el("input", { type: "range", min: -1, max: 1, step: 0.01, value: 0, id: "weight-change" });
    slider.setAttribute("aria-label", "change of the weight");
    const ask = (by) => this.changes.ask({ do: "what_if", name: frame.title, by });
    slider.oninput = () => {
      field.value = Number((frame.value + Number(slider.value)).toPrecision(6));
      ask(Number(slider.value));
    };
    field.oninput = () => {
      const by = Number(field.value) - frame.value;
      if (field.value !== "" && Number.isFinite(by)) ask(by);
    };
    const set = el("button", { type: "button", textContent: "Set", id: "set-weight" });
    set.onclick = () => this.send({ do: "edit", name: frame.title, value: Number(field.value) });
    field.onkeydown = (event) => { if (event.key === "Enter") set.click(); };
    return [
      head(frame, `${frame.words} = ${short(frame.value, 6)}`),
      el("div", { className: "editing" },
        el("h3", {}, "What if it were another number?"),
        el("div", { className: "edit" }, el("label", {}, "value ", field), set, slider),
        el("p", { className: "small", id: "what-if" }, "Move the slider to see what a change would do to the loss.")),
      this.gradientOf(frame),
    ];
  }

  onWhatIf(frame) {
    this.changes.answered();
    const home = document.getElementById("what-if");
    if (!home || this.title !== frame.name) return;
    home.textContent = `${signed(frame.by)} changes ${frame.of} from ${short(frame.before, 5)} by ${signed(frame.actual)}; `
      + `predicted ${signed(frame.predicted)} = ${signed(frame.first_order)} (slope) ${signed(frame.second_order)} (curvature). ${frame.surprise}`;
  }

  ofNeuron(frame) {
    const most = Math.max(...frame.terms.map((t) => Math.abs(t.product)), 1e-12);
    const { layers, names } = this.networkNow();
    const at = layers.findIndex((layer) => layer.neurons.some((n) => n.path === frame.title));
    const neuron = layers[at].neurons.find((n) => n.path === frame.title);
    const rows = frame.terms.map((term, k) => {
      const name = names[k < neuron.weights.length ? neuron.weights[k] : neuron.bias];
      const button = el("button", { type: "button", className: "link", textContent: term.words, title: term.name });
      button.onclick = () => this.choose({ what: "parameter", name });
      return row(button, number(term.weight), this.inputOf(term, layers[at - 1]?.neurons[k]), number(term.product), bar(term.product / most));
    });
    return [
      head(frame, `${frame.words} adds up ${short(frame.value, 6)}`, `for example ${frame.row}`),
      el("div", {}, el("h3", {}, "What it adds up"),
        table(["", "weight", "input", "product", ""], [...rows, sum("sum", "", "", number(frame.value), "")])),
      this.gradientOf(frame),
    ];
  }

  // The input of a neuron is what the one before it gives, which has a receipt of its own.
  inputOf(term, before) {
    if (!before) return number(term.input);
    const button = el("button", { type: "button", className: "link", textContent: short(term.input, 5) });
    button.setAttribute("aria-label", `${short(term.input, 5)}: the receipt of the neuron that gives it`);
    button.onclick = () => this.choose({ what: "neuron", name: before.path });
    return el("td", { className: "n" }, button);
  }

  ofAttention(frame) {
    const most = Math.max(...frame.shares.map((s) => s.share));
    const rows = frame.shares.map(({ words, share }) => row(text(words), number(share), bar(share / most)));
    return [
      head(frame, frame.words, frame.where),
      el("div", {}, el("h3", {}, "Where it looks in all: the shares add up to 1"), table(["", "share", ""], rows)),
      this.gradientOf(frame),
    ];
  }

  ofPoint(frame) {
    const inputs = frame.inputs.map((x) => row(text(x.name), number(x.value), number(x.slope)));
    const outputs = frame.outputs.map((x, k) => row(text(frame.outputs.length > 1 ? `output ${k}` : "output"), number(x)));
    const steepest = frame.steepest.map(({ name, words, value, gradient }) => {
      const button = el("button", { type: "button", className: "link", textContent: words, title: name });
      button.onclick = () => this.choose({ what: "parameter", name });
      return row(button, number(value), number(gradient));
    });
    return [
      head(frame, frame.title, `target ${targetOf(frame)} · loss ${short(frame.loss, 6)}`),
      el("div", { className: "tall" }, el("h3", {}, "What goes in, and how the loss would change with it"),
        table(["input", "value", "slope of the loss"], inputs),
        table(["", "what the network says"], outputs)),
      el("div", {}, el("h3", {}, "What this loss would change with most"),
        steepest.length ? table(["", "value", "slope of the loss"], steepest) : el("p", { className: "small" }, "No parameter: its loss has slope 0 everywhere.")),
    ];
  }

  gradientOf(frame) {
    return el("div", {},
      el("h3", {}, `Slope of ${frame.of}: ${short(frame.gradient, 6)}`),
      frame.parts.length
        ? el("p", { className: "small" }, "The chain rule: each use has a contribution, its local slope × the slope of the loss behind it. Open a line to see both.")
        : el("p", { className: "small" }, "Nothing uses it."),
      ...(frame.parts.length ? [this.partsOf(frame, [])] : []));
  }

  partsOf(gradient, way) {
    const rows = gradient.parts.flatMap((part, k) => this.partOf(part, [...way, k]));
    for (const r of gradient.rest) rows.push(row(text(`${r.count} more in ${r.words}`), "", "", "", number(r.amount)));
    return table(["used in", "local slope", "×", "slope behind it", "= share"], [...rows, sum("sum", "", "", "", number(gradient.sum))]);
  }

  partOf(part, way) {
    const button = el("button", { type: "button", className: "link opens", textContent: part.words, title: part.node, id: `part-${way.join("-")}` });
    button.setAttribute("aria-expanded", Boolean(part.opened));
    button.onclick = () => this.toggle(way);
    const line = row(button, number(part.local), text("×"), number(part.upstream), number(part.amount));
    line.firstChild.className = "label";
    return part.opened ? [line, this.insideOf(part, way)] : [line];
  }

  insideOf(part, way) {
    const { reason, upstream } = part.opened;
    return el("tr", { className: "inside" }, el("td", { colSpan: 5 },
      el("p", {}, `Local slope ${short(part.local, 5)}: ${reason}.`),
      el("p", {}, upstream ? `Slope behind it ${short(part.upstream, 5)}: how the loss changes with this ${part.words}.` : "Behind it is the loss itself: the slope is 1."),
      ...(upstream ? [this.partsOf(upstream, way)] : [])));
  }
}

const targetOf = (frame) => (Array.isArray(frame.target) ? `${frame.target.length} numbers` : typeof frame.target === "number" ? short(frame.target, 6) : frame.target);

function head(frame, words, more = "") {
  const begun = words[0].toUpperCase() + words.slice(1);
  return el("div", { className: "head" }, el("h3", {}, begun),
    el("p", { className: "said" }, frame.more),
    el("span", { className: "small" }, [more, `step ${frame.step}`].filter(Boolean).join(" · "), " · ", el("code", {}, frame.title)));
}
