// All parameters as a list: found by name, grouped by module, a page of them at a time.

import { el, rove, setBar } from "./elements.js";
import { short } from "./charts.js";

const ROWS = 12; // on one page; there may be thousands in all
const $ = (id) => document.getElementById(id);

export class ParameterList {
  constructor(asker) {
    this.asker = asker;
    this.first = 0;
    this.found = [];
    this.numbers = [];
    this.rows = Array.from({ length: ROWS }, (_, k) => this.makeRow(k));
    $("parameter-rows").replaceChildren(...this.rows.flatMap(({ group, line }) => [group, line]));
    rove(this.rows.map((row) => row.button));
    $("find").oninput = () => this.search();
    $("module").onchange = () => this.search();
    $("earlier").onclick = () => this.turn(-ROWS);
    $("later").onclick = () => this.turn(ROWS);
    $("parameters").ontoggle = () => this.draw();
  }

  makeRow(k) {
    const button = el("button", { type: "button", className: "link" });
    const value = el("td", { className: "n" }), swatch = el("span", { className: "swatch" }, el("i"));
    const line = el("tr", { hidden: true }, el("td", {}, button), value, el("td", {}, swatch));
    const heading = el("th", { colSpan: 3, scope: "rowgroup" }), group = el("tr", { className: "group", hidden: true }, heading);
    const made = { button, value, swatch, line, group, heading, at: null };
    const target = () => ({ what: "parameter", name: this.names[made.at] });
    button.onclick = () => this.asker.pin({ ...target(), from: line });
    button.onkeydown = (event) => this.key(event, k);
    this.asker.watch(line, target, button);
    return made;
  }

  build(network) {
    const { names, modules, owners, words } = network;
    Object.assign(this, { names, modules, owners, words });
    const counts = new Map();
    for (const at of owners) counts.set(at, (counts.get(at) ?? 0) + 1);
    const chosen = $("module").value;
    $("module").replaceChildren(el("option", { value: "", textContent: "all modules" }),
      ...[...counts].map(([at, count]) => el("option", { value: String(at), textContent: `${this.title(at)} (${count})` })));
    if (counts.has(Number(chosen)) && chosen !== "") $("module").value = chosen;
    this.search();
  }

  title(at) {
    const { path, type } = this.modules[at];
    return path ? `${path} · ${type}` : type;
  }

  // The parameters whose name has all the words, in the chosen module.
  search() {
    const words = $("find").value.toLowerCase().split(/\s+/).filter(Boolean), module = $("module").value;
    const fits = (name, k) => (module === "" || this.owners[k] === Number(module)) && words.every((word) => `${name} ${this.words[k] ?? ""}`.toLowerCase().includes(word));
    this.found = this.names.map((_, k) => k).filter((k) => fits(this.names[k], k));
    this.turn(-this.first);
  }

  // The place of a parameter on the screen, if its line is shown.
  boxOf(name) {
    const found = $("parameters").open && this.rows.find(({ at, line }) => !line.hidden && this.names[at] === name);
    return found ? found.line.getBoundingClientRect() : null;
  }

  turn(by) {
    this.rows.forEach(({ button }, k) => { button.tabIndex = k ? -1 : 0; });
    const last = Math.max(0, Math.floor((this.found.length - 1) / ROWS) * ROWS);
    this.first = Math.max(0, Math.min(this.first + by, last));
    this.draw();
  }

  update(numbers) {
    if (numbers) this.numbers = numbers;
    this.draw();
  }

  draw() {
    if (!this.names || !$("parameters").open) return;
    const shown = this.found.slice(this.first, this.first + ROWS);
    const most = Math.max(1e-12, ...shown.map((at) => Math.abs(this.numbers[at] ?? 0)));
    this.rows.forEach((row, k) => this.drawRow(row, shown[k], shown[k - 1], most));
    const { length } = this.found, end = this.first + shown.length;
    $("parameter-page").textContent = length ? `${this.first + 1} to ${end} of ${length}` : "no parameter has that name";
    $("earlier").disabled = this.first === 0;
    $("later").disabled = end >= length;
  }

  drawRow(row, at, before, most) {
    row.line.hidden = at === undefined;
    row.group.hidden = at === undefined || this.owners[at] === this.owners[before];
    row.at = at;
    if (at === undefined) return;
    const name = this.names[at], { path } = this.modules[this.owners[at]], { target } = this.asker;
    row.heading.textContent = this.title(this.owners[at]);
    const inside = path && name.startsWith(`${path}.`) ? name.slice(path.length + 1) : name;
    row.button.textContent = this.words[at]?.split(": ").at(-1) ?? inside;
    row.button.title = name;
    row.value.textContent = short(this.numbers[at], 6);
    row.line.classList.toggle("chosen", target?.what === "parameter" && target.name === name);
    setBar(row.swatch, (this.numbers[at] ?? 0) / most);
  }

  key(event, k) {
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key], page = { PageDown: ROWS, PageUp: -ROWS }[event.key];
    if (!move && !page) return;
    event.preventDefault();
    event.stopPropagation();
    const shown = Math.min(ROWS, this.found.length - this.first);
    if (page || k + move < 0 || k + move >= shown) {
      const first = this.first;
      this.turn(page ?? move * ROWS);
      if (!page && this.first === first) return;
      this.focusRow(page ? k : move > 0 ? 0 : ROWS - 1);
    } else this.focusRow(k + move);
  }

  focusRow(k) {
    const { button, at } = this.rows[Math.min(k, this.found.length - this.first - 1)];
    button.focus();
    this.asker.point({ what: "parameter", name: this.names[at] });
  }
}
