// Panels: what plugins show of the reports of a run, as pictures of shapes and texts, or as tables.

import { el, number, row, table, text } from "./elements.js";

export class Panels {
  constructor(place) {
    this.place = place;
    this.cards = new Map();
  }

  show(panels) {
    for (const panel of panels) {
      if (!this.cards.has(panel.name)) this.cards.set(panel.name, this.add(panel));
      this.cards.get(panel.name).replaceChildren(contentOf(panel));
    }
  }

  add({ title, by }) {
    const content = el("div", { className: "panel" });
    const head = el("summary", {}, el("h2", {}, `${title} `, el("span", { className: "small" }, by)));
    this.place.append(el("section", { className: "card" }, el("details", { open: Boolean(by) }, head, content)));
    return content;
  }
}

function contentOf({ svg, rows, problem }) {
  if (problem) return el("p", { className: "small problem" }, problem);
  if (svg) return document.importNode(new DOMParser().parseFromString(svg, "image/svg+xml").documentElement, true);
  if (!rows.length) return el("p", { className: "small" }, "Nothing to show yet.");
  return table([], rows.map((cells) => row(...cells.map((x) => (typeof x === "string" ? text(x) : number(x))))));
}
