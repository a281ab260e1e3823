// Some examples and what the network says to them, where no other picture suits the data.

import { ink, short } from "./charts.js";
import { el, rove } from "./elements.js";

export class ExampleList {
  constructor(home, asker) {
    Object.assign(this, { home, asker });
    this.lines = [];
  }

  build(still) {
    this.lines = still.examples.map((example) => this.lineOf(example, still));
    rove(this.lines.map((line) => line.button));
    const heads = ["", ...(still.side ? ["input"] : []), "target", "the network says", ""];
    this.home.replaceChildren(
      el("h2", {}, "Examples ", el("span", { className: "small", textContent: `the first ${still.examples.length} of ${still.count}` })),
      el("div", { className: "scroll" }, el("table", {},
        el("thead", {}, el("tr", {}, ...heads.map((h) => el(h ? "th" : "td", {}, h)))),
        el("tbody", {}, ...this.lines.map((line) => line.row)))));
  }

  lineOf(example, still) {
    const target = { what: "point", row: example.row };
    const button = el("button", { type: "button", className: "link", textContent: `example ${example.row}` });
    const said = el("td"), mark = el("td");
    const pixels = still.side ? [el("td", {}, pixelsOf(example.inputs, still.side))] : [];
    const row = el("tr", {}, el("td", {}, button), ...pixels, el("td", {}, wordsOf(example.target, still)), said, mark);
    if (!still.sequence) {
      button.onclick = () => this.asker.pin({ ...target, from: row });
      this.asker.watch(row, () => target, button);
    } else button.disabled = true;
    return { row, said, mark, target, button };
  }

  // The place of an example on the screen.
  boxOf(row) {
    return this.lines.find(({ target }) => target.row === row)?.row.getBoundingClientRect() ?? null;
  }

  update(still, now, target) {
    if (!now.said) return;
    this.lines.forEach(({ row, said, mark, target: own }, k) => {
      const answer = now.said[k];
      said.replaceChildren(wordsOf(answer.words, still, answer.outputs));
      mark.textContent = answer.right === false ? "×" : answer.error !== undefined ? `± ${short(answer.error, 3)}` : "";
      mark.title = answer.right === false ? "wrong" : "";
      row.classList.toggle("chosen", target?.what === "point" && target.row === own.row);
    });
  }
}

// A word, a number, a few numbers, or a picture where there are as many as the inputs have.
function wordsOf(words, still, outputs) {
  if (Array.isArray(words)) {
    if (still.side && words.length === still.side ** 2) return pixelsOf(words, still.side);
    return words.slice(0, 6).map((x) => short(x, 3)).join(", ") + (words.length > 6 ? ", …" : "");
  }
  const shown = typeof words === "number" ? short(words, 4) : String(words);
  return outputs?.length === 1 && typeof words !== "number" ? `${shown} (${short(outputs[0], 3)})` : shown;
}

function pixelsOf(numbers, side) {
  const canvas = el("canvas", { className: "pixels", width: side, height: side });
  const pen = canvas.getContext("2d");
  const low = Math.min(...numbers), range = Math.max(...numbers) - low || 1;
  pen.fillStyle = ink("ink");
  numbers.forEach((x, k) => {
    pen.globalAlpha = (x - low) / range;
    pen.fillRect(k % side, Math.floor(k / side), 1, 1);
  });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", `${side} by ${side} pixels`);
  return canvas;
}
