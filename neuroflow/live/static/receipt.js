// Receipts as tables: where a number comes from, and what changing it would do.

import { bar, el, number, row, signed, sum, table, text } from "./elements.js";
import { short } from "./charts.js";
import { OneAtATime } from "./asking.js";

export class ReceiptView {
  // networkNow() gives the network of the set-up; choose(target) pins another receipt.
  constructor(home, said, send, choose, networkNow) {
    Object.assign(this, { home, said, send, choose, networkNow });
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
    this.say(sentence(frame));
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
      head(frame.title, frame.value),
      el("div", { className: "editing" },
        el("h3", {}, "Edit it"),
        el("div", { className: "edit" }, el("label", {}, "value ", field), set, slider),
        el("p", { className: "small", id: "what-if" }, "Move the slider to see what a change would do to the loss.")),
      gradientOf(frame),
    ];
  }

  onWhatIf(frame) {
    this.changes.answered();
    const home = document.getElementById("what-if");
    if (!home || this.title !== frame.name) return;
    home.textContent = `${signed(frame.by)} changes ${frame.of} from ${short(frame.before, 5)} by ${signed(frame.actual)}; `
      + `predicted ${signed(frame.predicted)} = ${signed(frame.first_order)} (slope) ${signed(frame.second_order)} (curvature)`;
  }

  ofNeuron(frame) {
    const most = Math.max(...frame.terms.map((t) => Math.abs(t.product)), 1e-12);
    const { layers, names } = this.networkNow();
    const neuron = layers.flatMap((layer) => layer.neurons).find((n) => n.path === frame.title);
    const rows = frame.terms.map((term, k) => {
      const name = names[k < neuron.weights.length ? neuron.weights[k] : neuron.bias];
      const button = el("button", { type: "button", className: "link", textContent: term.name });
      button.onclick = () => this.choose({ what: "parameter", name });
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

  ofAttention(frame) {
    return [head(...attentionWords(frame)), gradientOf(frame)];
  }

  ofPoint(frame) {
    const inputs = frame.inputs.map((x) => row(text(x.name), number(x.value), number(x.slope)));
    const outputs = frame.outputs.map((x, k) => row(text(frame.outputs.length > 1 ? `output ${k}` : "output"), number(x)));
    return [
      head(frame.title, null, `target ${targetOf(frame)} · loss ${short(frame.loss, 6)}`),
      el("div", { className: "tall" }, el("h3", {}, "What goes in, and how the loss would change with it"),
        table(["input", "value", "slope of the loss"], inputs),
        table(["", "what the network says"], outputs)),
      el("div", { className: "scroll" }, el("h3", {}, "The loss, and its steepest leaves"), el("pre", {}, frame.text)),
    ];
  }
}

const targetOf = (frame) => (Array.isArray(frame.target) ? `${frame.target.length} numbers` : typeof frame.target === "number" ? short(frame.target, 6) : frame.target);

function attentionWords(frame) {
  const [layer, which, query, key] = frame.title.split(":");
  const [from, to] = [frame.from, frame.to].map((piece) => piece.replace("<BOS>", "the beginning"));
  return [`${layer}, head ${Number(which) + 1}`, frame.value, `how much "${from}" at position ${query} takes from "${to}" at position ${key}`];
}

// A receipt in one sentence.
function sentence(frame) {
  if (frame.what === "point") {
    const said = frame.outputs.length > 3 ? `${frame.outputs.length} numbers` : frame.outputs.map((x) => short(x, 3)).join(", ");
    return `${frame.title}: target ${targetOf(frame)}, the network says ${said}, loss ${short(frame.loss, 4)}.`;
  }
  const [title, , more] = frame.what === "attention" ? attentionWords(frame) : [frame.title, null, ""];
  const after = frame.after == null ? "" : `, ${frame.activation} makes it ${short(frame.after, 4)}`;
  return `${title}${more ? `, ${more},` : ""} is ${short(frame.value, 4)}${after}; slope of ${frame.of}: ${short(frame.gradient, 4)}.`;
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
