// The network as neurons in columns: weights as lines, width for size, colour for sign.

import { begin, short } from "./charts.js";
import { draw, unpacked } from "./maps.js";

const SVG = "http://www.w3.org/2000/svg";
const MOST = 18; // of a larger layer, the first are drawn
const COLUMN = 120, ROW = 32, RADIUS = 13, TOP = 46;

function make(name, attributes, parent) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  parent?.append(element);
  return element;
}

export class NetworkView {
  // The asker hears which neuron or parameter the pointer or the focus rests on, or chooses.
  constructor(home, asker) {
    this.home = home;
    this.asker = asker;
    this.lines = [];
    this.neurons = [];
    this.chosen = null;
  }

  build(network, columns) {
    this.network = network;
    this.lines = [];
    this.neurons = [];
    this.home.textContent = "";
    const layers = network.layers;
    if (!layers.length) {
      this.home.textContent = network.model;
      return;
    }
    const inputs = layers[0].neurons[0].weights.length;
    const sizes = [inputs, ...layers.map((layer) => layer.neurons.length)].map((n) => Math.min(n, MOST));
    const width = COLUMN * sizes.length, height = TOP + ROW * Math.max(...sizes) + 8;
    this.size = [width, height];
    const svg = this.svg = make("svg", { viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": `Network of ${layers.length} layers; arrow keys move between neurons` }, this.home);
    const place = (k, i) => [COLUMN * (k + 0.5), TOP + (height - TOP - 8) / 2 + ROW * (i - (sizes[k] - 1) / 2)];
    const under = make("g", {}, svg), over = make("g", {}, svg);
    const told = inputs > MOST ? `the first ${MOST} are drawn` : columns.join(", ");
    this.heading(svg, 0, `${inputs} input${inputs > 1 ? "s" : ""}`, told);
    for (let i = 0; i < sizes[0]; i++) this.input(over, place(0, i), columns[i] ?? `x${i}`);
    layers.forEach((layer, k) => {
      this.heading(svg, k + 1, layer.activation, `${layer.neurons.length > MOST ? `${MOST} of ` : ""}${layer.neurons.length} neuron${layer.neurons.length > 1 ? "s" : ""}${layer.provider ? ` · ${layer.provider}` : ""}`);
      layer.neurons.slice(0, MOST).forEach((neuron, j) => {
        neuron.weights.slice(0, sizes[k]).forEach((at, i) => this.weight(under, place(k, i), place(k + 1, j), at));
        this.neuron(over, place(k + 1, j), layer, neuron, k, j);
      });
    });
    this.canvas = Object.assign(document.createElement("canvas"), { className: "maps" });
    this.canvas.setAttribute("role", "img");
    this.canvas.setAttribute("aria-label", "what each neuron computes");
    this.home.append(this.canvas);
    this.choose(this.chosen);
  }

  // What each neuron computes: a map, a curve, or its weights as an image of so many pixels a side.
  picture(maps, numbers, still, discrete) {
    const kind = still.box ? "map" : still.xs ? "curve" : "image";
    const pixels = kind === "image" && still.side;
    if (!this.neurons.length || !(pixels || (maps && Object.keys(maps).length))) return;
    const { pen, width } = begin(this.canvas), scale = width / this.size[0];
    for (const { neuron, k, place: [x, y] } of this.neurons) {
      const shown = pixels ? k === 0 && neuron.weights.map((at) => numbers[at] ?? 0) : maps[neuron.path] && unpacked(maps[neuron.path]);
      if (shown) draw(pen, [x * scale, y * scale, (RADIUS - 1) * scale], shown, kind, discrete);
    }
  }

  heading(svg, k, name, told) {
    const x = COLUMN * (k + 0.5);
    make("text", { class: "name", x, y: 14, "text-anchor": "middle" }, svg).textContent = name;
    make("text", { x, y: 29, "text-anchor": "middle" }, svg).textContent = told;
  }

  input(home, [x, y], name) {
    const group = make("g", {}, home);
    make("circle", { cx: x, cy: y, r: RADIUS, fill: "var(--line)" }, group);
    make("text", { x, y: y + 4, "text-anchor": "middle" }, group).textContent = name;
  }

  weight(home, [x1, y1], [x2, y2], at) {
    const ends = { x1: x1 + RADIUS, y1, x2: x2 - RADIUS, y2 };
    const hit = make("line", { class: "hit", tabindex: -1, ...ends }, home); // who listens for the focus would be a Tab stop
    const line = make("line", { class: "w", ...ends }, home);
    const title = make("title", {}, hit);
    const name = this.network.names[at];
    hit.addEventListener("click", () => this.asker.pin({ what: "parameter", name, from: hit }));
    this.asker.watch(hit, () => ({ what: "parameter", name }));
    this.lines.push({ line, hit, title, at, name });
  }

  neuron(home, [x, y], layer, neuron, k, j) {
    const group = make("g", { class: "neuron", role: "button", tabindex: this.neurons.length ? -1 : 0 }, home);
    make("circle", { cx: x, cy: y, r: RADIUS }, group);
    if (layer.curve.length) {
      const step = 12 / (layer.curve.length - 1);
      const path = layer.curve.map((v, i) => `${i ? "L" : "M"}${(x - 6 + step * i).toFixed(1)} ${(y - 5 * v).toFixed(1)}`).join("");
      make("path", { d: path }, group);
    }
    const title = make("title", {}, group);
    const here = { group, title, neuron, layer, k, j, place: [x, y] };
    group.addEventListener("click", () => this.asker.pin({ what: "neuron", name: neuron.path, from: group }));
    this.asker.watch(group, () => ({ what: "neuron", name: neuron.path }));
    group.addEventListener("keydown", (event) => this.onKey(event, here));
    this.neurons.push(here);
  }

  onKey(event, here) {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      event.stopPropagation();
      this.asker.pin({ what: "neuron", name: here.neuron.path, from: here.group });
      return;
    }
    const way = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] }[event.key];
    if (!way) return;
    event.preventDefault();
    const column = this.neurons.filter((n) => n.k === here.k + way[0]);
    const next = way[0] ? column[Math.min(here.j, column.length - 1)] : column.find((n) => n.j === here.j + way[1]);
    if (!next) return;
    here.group.setAttribute("tabindex", -1);
    next.group.setAttribute("tabindex", 0);
    next.group.focus();
    this.asker.pin({ what: "neuron", name: next.neuron.path, from: next.group });
  }

  // The place of a neuron or a weight on the screen, if it is drawn.
  boxOf(what, name) {
    const found = what === "neuron" ? this.neurons.find((n) => n.neuron.path === name)?.group : this.lines.find((l) => l.name === name)?.line;
    return found?.isConnected ? found.getBoundingClientRect() : null;
  }

  update(numbers) {
    if (!this.lines.length) return;
    let strongest = 1e-12;
    for (const { at } of this.lines) strongest = Math.max(strongest, Math.abs(numbers[at] ?? 0));
    for (const { line, title, at, name } of this.lines) {
      const w = numbers[at] ?? 0, size = Math.abs(w) / strongest;
      line.setAttribute("stroke-width", (0.3 + 3.6 * size).toFixed(2));
      line.setAttribute("stroke-opacity", (0.12 + 0.78 * size).toFixed(2));
      line.classList.toggle("plus", w > 0);
      line.classList.toggle("minus", w <= 0);
      title.textContent = `${name} = ${short(w, 6)}`;
    }
    for (const { group, title, neuron, layer } of this.neurons) {
      const bias = neuron.bias === null ? "" : `, bias ${short(numbers[neuron.bias], 4)}`;
      title.textContent = `${neuron.path}: ${layer.activation}${bias}`;
      group.setAttribute("aria-label", title.textContent);
    }
    return strongest;
  }

  choose(chosen) {
    this.chosen = chosen;
    for (const { line, name } of this.lines) line.classList.toggle("chosen", chosen?.name === name);
    for (const { group, neuron } of this.neurons) {
      group.classList.toggle("chosen", chosen?.what === "neuron" && chosen.name === neuron.path);
    }
  }
}
