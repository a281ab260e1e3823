// A language model: heat maps of attention, what comes next, and the names it invents.

import { begin, ink, isDark, short } from "./charts.js";

export class LanguageView {
  constructor(document, send, asker) {
    this.$ = (id) => document.getElementById(id);
    this.asker = asker;
    this.maps = new Map();
    this.cell = [0, 0];
    const { $ } = this;
    $("text").onchange = () => send({ do: "read", text: $("text").value });
    $("temperature").oninput = () => {
      $("temperature-word").textContent = Number($("temperature").value).toFixed(2);
      send({ do: "read", temperature: Number($("temperature").value) });
    };
    $("invent").onclick = () => send({ do: "invent", count: 5 });
  }

  build(still) {
    this.maps.clear();
    this.$("heads").replaceChildren();
    this.$("texts").replaceChildren(...still.examples.map((text) => Object.assign(document.createElement("option"), { value: text })));
  }

  update(still, now, chosen) {
    if (!now.attention) return;
    const pieces = now.tokens.map((token) => still.pieces[token]);
    if (document.activeElement !== this.$("text")) this.$("text").value = now.text;
    for (const [layer, heads] of Object.entries(now.attention)) {
      heads.forEach((weights, head) => this.map(`${layer}:${head}`, layer, head, weights, pieces, chosen));
    }
    this.$("heads").classList.toggle("many", this.maps.size > 8);
    this.next(still.pieces, now);
    this.names(now.invented ?? []);
  }

  map(name, layer, head, weights, pieces, chosen) {
    if (!this.maps.has(name)) this.make(name, layer, head);
    const here = this.maps.get(name);
    here.count = pieces.length;
    here.weights = weights;
    const { pen, width, height } = begin(here.canvas);
    const edge = 22, size = (Math.min(width, height) - edge) / pieces.length;
    Object.assign(here, { edge, size });
    here.at = (x, y) => [Math.floor((y - edge) / size), Math.floor((x - edge) / size)];
    pen.font = `${Math.min(13, size * 0.8)}px ui-monospace, "DejaVu Sans Mono", monospace`;
    pen.textAlign = "center";
    const [r, g, b] = isDark() ? [240, 148, 63] : [0, 90, 160];
    weights.forEach((row, i) => {
      pen.fillStyle = ink("faint");
      pen.fillText(pieces[i], edge / 2, edge + size * (i + 0.65));
      pen.fillText(pieces[i], edge + size * (i + 0.5), edge - 7);
      row.forEach((w, j) => {
        pen.fillStyle = w === null ? "transparent" : `rgba(${r}, ${g}, ${b}, ${0.05 + 0.95 * w})`;
        pen.fillRect(edge + size * j + 0.5, edge + size * i + 0.5, size - 1, size - 1);
        if (chosen?.name === `${name}:${i}:${j}`) {
          pen.strokeStyle = ink("ink");
          pen.lineWidth = 2;
          pen.strokeRect(edge + size * j + 1, edge + size * i + 1, size - 2, size - 2);
        }
      });
    });
    const last = weights.at(-1), best = last.indexOf(Math.max(...last));
    here.canvas.setAttribute("aria-label", `${this.words(layer)}, head ${head + 1}: the last letter looks most at "${pieces[best]}", position ${best}, with ${short(last[best], 3)}. Arrow keys choose a square.`);
  }

  // As neuroflow/live/words.py: people count blocks from one.
  words(layer) {
    return layer.replace(/blocks\.(\d+)/, (_, k) => `block ${Number(k) + 1}`).replace(".attention", "").replaceAll(".", ", ");
  }

  make(name, layer, head) {
    const figure = document.createElement("figure"), canvas = document.createElement("canvas"), caption = document.createElement("figcaption");
    canvas.tabIndex = this.maps.size ? -1 : 0; // one stop for all heads: Page Up and Down lead on
    canvas.setAttribute("role", "img");
    caption.textContent = `${this.words(layer)}, head ${head + 1}`;
    figure.append(canvas, caption);
    this.$("heads").append(figure);
    const here = { canvas };
    canvas.onclick = (event) => {
      const box = canvas.getBoundingClientRect();
      this.pick(name, here, ...here.at(event.clientX - box.left, event.clientY - box.top));
    };
    canvas.onpointermove = (event) => event.pointerType === "mouse" && this.pass(name, here, event);
    canvas.onpointerleave = () => this.asker.leave();
    canvas.onfocus = () => canvas.matches(":focus-visible") && here.count && this.asker.point(this.square(name, here, ...this.cell));
    canvas.onblur = (event) => this.asker.home.contains(event.relatedTarget) || this.asker.leave();
    canvas.onkeydown = (event) => {
      const turn = { PageDown: 1, PageUp: -1 }[event.key];
      if (turn) { event.preventDefault(); return this.turn(here, turn); }
      const way = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
      if (!way) return;
      event.preventDefault();
      this.pick(name, here, this.cell[0] + way[0], this.cell[1] + way[1]);
    };
    this.maps.set(name, here);
  }

  // To the next head, or the one before.
  turn(here, by) {
    const all = [...this.maps.entries()], at = all.findIndex(([, other]) => other === here) + by;
    if (!all[at]) return;
    const [name, next] = all[at];
    here.canvas.tabIndex = -1;
    next.canvas.tabIndex = 0;
    next.canvas.focus();
    this.pick(name, next, ...this.cell);
  }

  // The pointer passes over a heat map, and may rest on a square.
  pass(name, here, event) {
    const box = here.canvas.getBoundingClientRect();
    const [query, key] = here.at(event.clientX - box.left, event.clientY - box.top);
    if (key < 0 || key > query || query >= here.count) this.asker.leave();
    else this.asker.point(this.square(name, here, query, key));
  }

  // The place of a square on the screen.
  boxOf(name) {
    const [layer, head, query, key] = name.split(":"), here = this.maps.get(`${layer}:${head}`);
    if (!here?.size) return null;
    const { left, top } = here.canvas.getBoundingClientRect(), { edge, size } = here;
    const x = left + edge + size * key, y = top + edge + size * query;
    return { left: x, right: x + size, top: y, bottom: y + size };
  }

  square(name, here, query, key) {
    query = Math.max(0, Math.min(here.count - 1, query));
    key = Math.max(0, Math.min(query, key));
    this.cell = [query, key];
    return { what: "attention", name: `${name}:${query}:${key}` };
  }

  pick(name, here, query, key) {
    this.asker.pin(this.square(name, here, query, key));
  }

  next(pieces, now) {
    const canvas = this.$("next");
    const { pen, width, height } = begin(canvas);
    const most = Math.max(...now.next), wide = width / pieces.length, low = height - 20;
    pen.textAlign = "center";
    now.next.forEach((share, k) => {
      const high = (share / most) * (low - 16), x = wide * k;
      pen.fillStyle = ink(share === most ? "plus" : "minus");
      pen.fillRect(x + wide * 0.14, low - high, wide * 0.72, high);
      pen.fillStyle = ink(share === most ? "ink" : "faint");
      pen.font = "12px ui-monospace, monospace";
      pen.fillText(pieces[k], x + wide / 2, height - 5);
      if (share === most) {
        pen.font = "11px system-ui, sans-serif";
        pen.fillText(`${Math.round(100 * share)} %`, Math.min(width - 16, Math.max(16, x + wide / 2)), low - high - 4);
      }
    });
    const top = now.next.map((share, k) => [share, pieces[k]]).sort((a, b) => b[0] - a[0]).slice(0, 3);
    this.$("next-told").textContent = `after "${now.text}", at temperature ${now.temperature.toFixed(2)}; · is the end`;
    canvas.setAttribute("aria-label", `Most likely next: ${top.map(([share, piece]) => `${piece} ${Math.round(100 * share)} percent`).join(", ")}`);
  }

  names(invented) {
    const told = JSON.stringify(invented);
    if (told === this.told) return;
    this.told = told;
    this.$("names").replaceChildren(...invented.toReversed().map(({ step, name }) => {
      const item = document.createElement("li"), when = document.createElement("span");
      when.textContent = `step ${step}`;
      item.append(name || "(nothing)", when);
      return item;
    }));
  }
}
