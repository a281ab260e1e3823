// The set-up as a form: what can be chosen comes from the registry, in the frame of the set-up.

import { el } from "./elements.js";
import { meaningOf } from "./story.js";

const $ = (id) => document.getElementById(id);
const LABELS = { dataset: "Data", low: "x from", high: "x to", points: "Points", noise: "Noise", test: "Held out", classes: "Classes", hidden: "Hidden layers", activation: "Activation",
  layers: "Blocks", width: "Numbers per token", heads: "Heads", loss: "Loss", optimizer: "Optimizer", learning_rate: "Learning rate", schedule: "Schedule", l2: "L2 penalty", batch: "Batch", epochs: "Epochs", seed: "Seed" };
const PAIRS = [["layers"], ["width", "heads"], ["low", "high"], ["points", "noise"], ["test", "classes"], ["hidden"], ["activation"], ["loss"], ["optimizer"], ["learning_rate", "l2"], ["schedule"], ["epochs", "batch"], ["seed"]];

export class Form {
  constructor(state, send) {
    Object.assign(this, { state, send });
    $("f").onchange = () => send({ do: "configure", setup: { f: $("f").value } });
    $("choices").onsubmit = (event) => event.preventDefault();
  }

  build() {
    const focused = document.activeElement?.id;
    const form = $("choices");
    form.replaceChildren();
    if (this.state.setup.offers.dataset) form.append(this.fieldOf("dataset"));
    for (const names of PAIRS) {
      const fields = names.filter((name) => this.isOffered(name)).map((name) => this.fieldOf(name));
      if (fields.length) form.append(fields.length > 1 ? el("div", { className: "pair" }, ...fields) : fields[0]);
    }
    this.fill();
    if (focused) $(focused)?.focus({ preventScroll: true });
  }

  isOffered(name) {
    const { offers, setup } = this.state.setup;
    return name in offers || name in setup || name === "batch";
  }

  fieldOf(name) {
    const choice = this.state.setup.choices[name];
    const field = this.inputOf(name, choice);
    field.onchange = () => this.configure(name, field);
    return el("label", { title: [choice.meaning, meaningOf(LABELS[name])].filter(Boolean).join(". ") }, LABELS[name] ?? name, field);
  }

  inputOf(name, choice) {
    const offered = this.state.setup.offers[name], id = `choice-${name}`;
    if (offered) return this.listOf(id, offered, this.state.setup.setup[name]);
    if (choice.takes === "sizes") return el("input", { id, type: "text", inputMode: "numeric", placeholder: "16, 16" });
    const number = { min: choice.low, max: choice.high, step: choice.takes === "whole" ? 1 : "any" };
    return el("input", { id, type: "number", ...number, placeholder: name === "batch" ? "all" : "" });
  }

  listOf(id, offered, chosen) {
    const names = [...offered];
    if (!names.some((o) => o.name === chosen)) names.push({ name: chosen, summary: "", from: "" });
    const shown = (o) => (o.name === "rows" ? "own points" : o.from ? `${o.name} (${o.from})` : o.name);
    return el("select", { id }, ...names.map((o) => el("option", { value: o.name, title: o.summary, textContent: shown(o) })));
  }

  fill() {
    for (const [name, value] of Object.entries(this.state.setup.setup)) {
      const field = $(`choice-${name}`);
      if (field) field.value = Array.isArray(value) ? value.join(", ") : value;
    }
    if (document.activeElement !== $("f")) $("f").value = this.state.setup.setup.f ?? "";
  }

  configure(name, field) {
    const { takes } = this.state.setup.choices[name];
    const text = field.value.trim();
    if (text === "" && takes !== "sizes") return this.fill();
    const value = takes === "sizes" ? (text ? text.split(/[\s,]+/).map(Number) : []) : takes === "number" || takes === "whole" ? Number(text) : text;
    const range = name === "low" || name === "high"; // f(x) may have been refused for the range
    this.send({ do: "configure", setup: range ? { f: $("f").value, [name]: value } : { [name]: value } });
  }
}
