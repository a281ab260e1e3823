// Elements and tables in few words.

import { ink, short } from "./charts.js";

export function el(name, properties = {}, ...children) {
  const element = Object.assign(document.createElement(name), properties);
  element.append(...children);
  return element;
}

export const number = (x) => el("td", { className: "n" }, short(x, 4));
export const text = (x, long) => el("td", { className: long ? "label" : "", title: long ? x : "" }, x);
export const row = (...cells) => el("tr", {}, ...cells.map((c) => (c instanceof HTMLTableCellElement ? c : el("td", {}, c))));
export const sum = (...cells) => Object.assign(row(...cells), { className: "sum" });
export const table = (heads, rows) => el("div", { className: "scroll" },
  el("table", {}, el("thead", {}, el("tr", {}, ...heads.map((h) => el(h ? "th" : "td", {}, h)))), el("tbody", {}, ...rows)));
export const signed = (x) => (x > 0 ? `+${short(x, 3)}` : short(x, 3));

// A size from -1 to 1 as a bar to the left or to the right.
export function bar(size) {
  const swatch = el("span", { className: "swatch" }, el("i"));
  setBar(swatch, size);
  return swatch;
}

export function setBar(swatch, size) {
  const share = Math.abs(size) * 50, { style } = swatch.firstChild;
  style.left = `${size < 0 ? 50 - share : 50}%`;
  style.width = `${share}%`;
  style.background = ink(size < 0 ? "minus" : "plus");
}

// Of several buttons one is a stop of the Tab key; the arrow keys lead to the others.
export function rove(buttons) {
  const reachable = () => buttons.filter((b) => !b.disabled && b.offsetParent);
  buttons.forEach((button, k) => {
    button.tabIndex = k ? -1 : 0;
    button.addEventListener("focus", () => buttons.forEach((other) => { other.tabIndex = other === button ? 0 : -1; }));
    button.addEventListener("keydown", (event) => {
      const by = { ArrowDown: 1, ArrowUp: -1 }[event.key], all = reachable(), next = all[all.indexOf(button) + by];
      if (!next || event.defaultPrevented) return;
      event.preventDefault();
      next.focus();
    });
  });
}
