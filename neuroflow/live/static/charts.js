// Pictures on canvas: curves, points of the plane, the loss. Numbers come in frames; nothing is
// computed here but places and colours.

// As PALETTE of neuroflow/view/chart.py: on paper, and on a dark page.
export const CLASSES = [["#0072b2", "#56b4e9"], ["#d05f00", "#f0943f"], ["#009e73", "#3fc79d"],
  ["#a8478a", "#e08cc3"], ["#8a7500", "#e3cf3a"], ["#5b6675", "#a3aebd"], ["#7a3b00", "#c98b5a"], ["#3d3da8", "#9c9cf0"]];

const inks = new Map(); // asking for a style is slow, and a picture asks a hundred times

export function ink(name) {
  const key = `${document.documentElement.dataset.theme} ${name}`;
  if (!inks.has(key)) inks.set(key, getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim());
  return inks.get(key);
}

export const isDark = () => document.documentElement.dataset.theme === "dark";
export const classColour = (k) => CLASSES[k % CLASSES.length][isDark() ? 1 : 0];

export function short(x, digits = 4) {
  if (x === null || x === undefined) return "–";
  if (Number.isInteger(x) && Math.abs(x) < 1e6) return String(x).replace("-", "−");
  const size = Math.abs(x);
  const text = size >= 1e5 || size < 1e-4 ? x.toExponential(2) : String(Number(x.toPrecision(digits)));
  return text.replace("-", "−");
}

export function begin(canvas) {
  const scale = window.devicePixelRatio || 1;
  const width = canvas.clientWidth, height = canvas.clientHeight;
  if (canvas.width !== Math.round(width * scale) || canvas.height !== Math.round(height * scale)) {
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(scale, 0, 0, scale, 0, 0);
  pen.clearRect(0, 0, width, height);
  return { pen, width, height };
}

// A frame of axes: data coordinates to places on the canvas and back.
function frameOf(width, height, box, pad) {
  const [x0, x1, y0, y1] = box;
  const across = width - pad.left - pad.right, up = height - pad.top - pad.bottom;
  return {
    x: (x) => pad.left + ((x - x0) / (x1 - x0)) * across,
    y: (y) => pad.top + ((y1 - y) / (y1 - y0)) * up,
    backX: (x) => x0 + ((x - pad.left) / across) * (x1 - x0),
    backY: (y) => y1 - ((y - pad.top) / up) * (y1 - y0),
    pad, across, up, box,
  };
}

export function ticks(low, high, about = 7) { // as in neuroflow/view/chart.py; a test compares them
  const rough = (high - low) / about, scale = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((s) => s * scale).find((s) => s >= rough * 0.999);
  const found = [], last = Math.floor(high / step + 1e-9);
  for (let k = Math.ceil(low / step - 1e-9); k <= last; k++) found.push(Number((k * step).toPrecision(12)));
  return found;
}

function axes(pen, frame, width, height) {
  const { box, pad } = frame;
  pen.font = "11px system-ui, sans-serif";
  pen.lineWidth = 1;
  pen.fillStyle = ink("faint");
  for (const x of ticks(box[0], box[1], 7)) {
    pen.strokeStyle = ink("line");
    line(pen, [[frame.x(x), pad.top], [frame.x(x), height - pad.bottom]]);
    pen.textAlign = "center";
    pen.fillText(short(Number(x.toPrecision(6))), frame.x(x), height - pad.bottom + 15);
  }
  for (const y of ticks(box[2], box[3], 6)) {
    pen.strokeStyle = ink("line");
    line(pen, [[pad.left, frame.y(y)], [width - pad.right, frame.y(y)]]);
    pen.textAlign = "right";
    pen.fillText(short(Number(y.toPrecision(6))), pad.left - 6, frame.y(y) + 4);
  }
}

// Far outside of the picture a line need not be drawn where it is, only in its direction.
const near = (x) => Math.max(-1e4, Math.min(1e4, x));

function line(pen, points) {
  pen.beginPath();
  let down = false;
  for (const [x, y] of points) {
    if (!Number.isFinite(y)) { down = false; continue; }
    if (down) pen.lineTo(near(x), near(y)); else pen.moveTo(near(x), near(y));
    down = true;
  }
  pen.stroke();
}

export function drawCurve(canvas, still, now, chosen, neuron) {
  const { pen, width, height } = begin(canvas);
  const ys = [...still.points.map((p) => p[1]), ...still.truth].filter((y) => y !== null && Math.abs(y) < 1e6);
  let low = Math.min(...ys), high = Math.max(...ys);
  const margin = 0.14 * (high - low || 1);
  const frame = frameOf(width, height, [still.xs[0], still.xs.at(-1), low - margin, high + margin],
    { left: 40, right: 10, top: 8, bottom: 24 });
  axes(pen, frame, width, height);
  pen.textAlign = "right";
  pen.fillText("x", width - frame.pad.right - 2, height - frame.pad.bottom - 6);
  pen.textAlign = "left";
  pen.fillText("f(x)", frame.pad.left + 4, frame.pad.top + 12);
  pen.save();
  pen.beginPath();
  pen.rect(frame.pad.left, frame.pad.top, frame.across, frame.up);
  pen.clip();
  const places = (values) => values.map((y, k) => [frame.x(still.xs[k]), y === null ? NaN : frame.y(y)]);
  const target = classColour(1), model = classColour(0); // as in the pictures of neuroflow train
  pen.fillStyle = target;
  pen.globalAlpha = 0.6;
  for (const [x, y] of still.points) { pen.beginPath(); pen.arc(frame.x(x), frame.y(y), 3, 0, 7); pen.fill(); }
  pen.globalAlpha = 1;
  pen.strokeStyle = target;
  pen.lineWidth = 1.4;
  for (const [x, y] of still.test ?? []) { pen.beginPath(); pen.arc(frame.x(x), frame.y(y), 3.4, 0, 7); pen.stroke(); }
  pen.lineWidth = 2;
  pen.setLineDash([6, 5]);
  if (still.truth.length) line(pen, places(still.truth));
  pen.setLineDash([]);
  if (now.curve) {
    pen.strokeStyle = model;
    pen.lineWidth = 3.5;
    pen.lineJoin = "round";
    line(pen, places(now.curve));
  }
  if (neuron) { // in its own scale: from the middle of the picture as far as its largest number goes
    const most = Math.max(1e-12, ...neuron.map(Math.abs)), middle = frame.pad.top + frame.up / 2;
    pen.strokeStyle = ink("ink");
    pen.lineWidth = 2;
    line(pen, Array.from(neuron, (v, k) => [frame.x(still.xs[k]), middle - (0.45 * frame.up * v) / most]));
  }
  if (chosen !== null && still.points[chosen]) ring(pen, frame, still.points[chosen]);
  pen.restore();
  legend(pen, width, [["target", target, true], ["network", model, false], ...(neuron ? [["neuron", ink("ink"), false]] : [])]);
  return frame;
}

function legend(pen, width, rows) {
  pen.font = "12px system-ui, sans-serif";
  pen.textAlign = "left";
  rows.forEach(([name, colour, dashed], k) => {
    const x = width - 96, y = 22 + 18 * k;
    pen.strokeStyle = colour;
    pen.lineWidth = 3;
    pen.setLineDash(dashed ? [5, 4] : []);
    line(pen, [[x, y], [x + 24, y]]);
    pen.setLineDash([]);
    pen.fillStyle = ink("ink");
    pen.fillText(name, x + 31, y + 4);
  });
}

function ring(pen, frame, [x, y]) {
  pen.strokeStyle = ink("ink");
  pen.lineWidth = 2.5;
  pen.beginPath();
  pen.arc(frame.x(x), frame.y(y), 10, 0, 7);
  pen.stroke();
}

function parts(colour) {
  const n = parseInt(colour.slice(1), 16);
  return [n >> 16, (n >> 8) & 255, n & 255];
}

// What each place of the grid looks like: a class, and how sure the model is of it (0 to 1).
function sure(answer) {
  if (!Array.isArray(answer)) return [answer > 0 ? 1 : 0, Math.abs(Math.tanh(answer))];
  const most = Math.max(...answer);
  const shares = answer.map((a) => Math.exp(a - most));
  const total = shares.reduce((a, b) => a + b);
  const best = answer.indexOf(most);
  const second = Math.max(...shares.filter((_, k) => k !== best));
  return [best, (shares[best] - second) / total];
}

function blended(answers, n, u, v) {
  const i = Math.min(n - 2, Math.floor(u)), j = Math.min(n - 2, Math.floor(v));
  const a = u - i, b = v - j, at = j * n + i;
  if (!Array.isArray(answers[0])) return (answers[at] * (1 - a) + answers[at + 1] * a) * (1 - b) + (answers[at + n] * (1 - a) + answers[at + n + 1] * a) * b;
  const mix = (p, q, r, s) => (p * (1 - a) + q * a) * (1 - b) + (r * (1 - a) + s * a) * b;
  const four = [answers[j * n + i], answers[j * n + i + 1], answers[(j + 1) * n + i], answers[(j + 1) * n + i + 1]];
  return four[0].map((_, k) => mix(...four.map((x) => x[k])));
}

export function drawPlane(canvas, still, now, chosen, { withMargin, neuron, discrete }) {
  const { pen, width, height } = begin(canvas);
  const frame = frameOf(width, height, still.box, { left: 0, right: 0, top: 0, bottom: 0 });
  const shown = now.background?.every((a) => a !== null);
  if (neuron) {
    const most = Math.max(1e-12, ...neuron.map(Math.abs)), scaled = Array.from(neuron, (v) => (1.5 * v) / most);
    background(pen, scaled, still.coarse, width, height, discrete);
    pen.strokeStyle = ink("ink");
    pen.lineWidth = 1.4;
    contour(pen, scaled, still.coarse, 0, width, height);
  } else if (shown) background(pen, now.background, still.grid, width, height, discrete);
  if (shown && !neuron && !Array.isArray(now.background[0])) {
    pen.strokeStyle = ink("ink");
    pen.lineWidth = 2.2;
    contour(pen, now.background, still.grid, 0, width, height);
    if (withMargin) {
      pen.lineWidth = 1.2;
      pen.setLineDash([5, 5]);
      contour(pen, now.background, still.grid, 1, width, height);
      contour(pen, now.background, still.grid, -1, width, height);
      pen.setLineDash([]);
    }
  }
  axesInside(pen, frame, width, height);
  still.test.forEach((p) => mark(pen, frame, p, { hollow: true }));
  still.points.forEach((p, k) => mark(pen, frame, p, { wrong: now.classes && now.classes[k] !== p[2] }));
  if (chosen !== null && still.points[chosen]) ring(pen, frame, still.points[chosen]);
  return frame;
}

// Numbers along the lower and the left edge; the plane itself goes from edge to edge.
function axesInside(pen, frame, width, height) {
  pen.font = "11px system-ui, sans-serif";
  pen.fillStyle = ink("faint");
  pen.textAlign = "center";
  for (const x of ticks(frame.box[0], frame.box[1], 6)) if (frame.x(x) > 24 && frame.x(x) < width - 24) pen.fillText(short(x), frame.x(x), height - 6);
  pen.fillText("x", width - 9, height - 6);
  pen.textAlign = "left";
  for (const y of ticks(frame.box[2], frame.box[3], 6)) if (frame.y(y) > 24 && frame.y(y) < height - 24) pen.fillText(short(y), 5, frame.y(y) + 4);
  pen.fillText("y", 5, 13);
}

const sheet = document.createElement("canvas");

function background(pen, answers, n, width, height, discrete) {
  const fine = 4 * (n - 1) + 1;
  sheet.width = sheet.height = fine;
  const image = new ImageData(fine, fine);
  const colours = CLASSES.map((_, k) => parts(classColour(k)));
  const most = isDark() ? 0.5 : 0.42;
  for (let j = 0; j < fine; j++) {
    for (let i = 0; i < fine; i++) {
      const [k, certainty] = sure(blended(answers, n, i / 4, (fine - 1 - j) / 4));
      const at = 4 * (j * fine + i), colour = colours[k % colours.length];
      image.data[at] = colour[0];
      image.data[at + 1] = colour[1];
      image.data[at + 2] = colour[2];
      image.data[at + 3] = 255 * (0.05 + most * (discrete ? 0.7 : certainty));
    }
  }
  sheet.getContext("2d").putImageData(image, 0, 0);
  pen.imageSmoothingEnabled = true;
  pen.imageSmoothingQuality = "high";
  pen.drawImage(sheet, 0, 0, width, height);
}

// Marching squares: where the answer crosses a level, on every cell of the grid.
function contour(pen, answers, n, level, width, height) {
  const place = (u, v) => [(u / (n - 1)) * width, height - (v / (n - 1)) * height];
  pen.beginPath();
  for (let j = 0; j < n - 1; j++) {
    for (let i = 0; i < n - 1; i++) {
      const corners = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]];
      const values = corners.map(([u, v]) => answers[v * n + u] - level);
      const crossings = [];
      for (let k = 0; k < 4; k++) {
        const a = values[k], b = values[(k + 1) % 4];
        if (a > 0 !== b > 0) {
          const t = a / (a - b), [p, q] = [corners[k], corners[(k + 1) % 4]];
          crossings.push(place(p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])));
        }
      }
      for (let k = 0; k + 1 < crossings.length; k += 2) {
        pen.moveTo(...crossings[k]);
        pen.lineTo(...crossings[k + 1]);
      }
    }
  }
  pen.stroke();
}

// Classes differ in shape as well as in colour.
function mark(pen, frame, [x, y, k], { hollow = false, wrong = false }) {
  const cx = frame.x(x), cy = frame.y(y), r = 5.2;
  pen.beginPath();
  if (k % 4 === 0) pen.arc(cx, cy, r, 0, 7);
  else if (k % 4 === 1) pen.rect(cx - r + 0.6, cy - r + 0.6, 2 * r - 1.2, 2 * r - 1.2);
  else if (k % 4 === 2) { pen.moveTo(cx, cy - r - 1); pen.lineTo(cx + r + 0.5, cy + r - 1); pen.lineTo(cx - r - 0.5, cy + r - 1); pen.closePath(); }
  else { pen.moveTo(cx, cy - r - 1); pen.lineTo(cx + r + 1, cy); pen.lineTo(cx, cy + r + 1); pen.lineTo(cx - r - 1, cy); pen.closePath(); }
  pen.fillStyle = hollow ? ink("card") : classColour(k);
  pen.strokeStyle = hollow ? classColour(k) : ink("card");
  pen.lineWidth = hollow ? 2 : 1.4;
  pen.fill();
  pen.stroke();
  if (wrong) {
    pen.strokeStyle = ink("ink");
    pen.lineWidth = 1.8;
    line(pen, [[cx - 3.2, cy - 3.2], [cx + 3.2, cy + 3.2]]);
    line(pen, [[cx - 3.2, cy + 3.2], [cx + 3.2, cy - 3.2]]);
  }
}

// Blue is the loss of each step, orange that of the held-out examples, dotted what counting reaches.
export function drawLoss(canvas, losses, { step, steps, tested }, baselines = {}) {
  const { pen, width, height } = begin(canvas);
  const held = tested.filter(([at, y]) => at <= losses.length && y > 0);
  const good = [...losses, ...held.map(([, y]) => y), ...(losses.length ? Object.values(baselines) : [])].filter((x) => x !== null && x > 0);
  const low = Math.log10(Math.max(1e-12, Math.min(...good, 1))), high = Math.log10(Math.max(...good, 1e-12));
  const top = good.length ? high + 0.08 : 0, bottom = good.length ? Math.min(low - 0.08, top - 0.3) : -1;
  const most = Math.max(losses.length, Math.min(steps, 20));
  const frame = frameOf(width, height, [0, most, bottom, top], { left: 46, right: 8, top: 6, bottom: 18 });
  pen.font = "11px system-ui, sans-serif";
  pen.lineWidth = 1;
  const decades = [];
  for (let k = Math.floor(bottom); k <= top; k++) for (const m of top - bottom < 1.6 ? [1, 2, 5] : [1]) decades.push(m * 10 ** k);
  pen.textAlign = "right";
  for (const y of decades) {
    const at = frame.y(Math.log10(y));
    if (at < frame.pad.top || at > height - frame.pad.bottom) continue;
    pen.strokeStyle = ink("line");
    line(pen, [[frame.pad.left, at], [width - frame.pad.right, at]]);
    pen.fillStyle = ink("faint");
    pen.fillText(short(y), frame.pad.left - 6, at + 4);
  }
  pen.textAlign = "center";
  pen.fillStyle = ink("faint");
  const last = width - pen.measureText(String(most)).width / 2; // a label there is not cut off
  for (const x of ticks(0, most, 5)) if (Number.isInteger(x)) pen.fillText(String(x), Math.min(frame.x(x), last), height - 4);
  for (const [k, [name, y]] of Object.entries(baselines).entries()) {
    const at = frame.y(Math.log10(y));
    pen.setLineDash([2, 4]);
    pen.strokeStyle = ink("faint");
    line(pen, [[frame.pad.left, at], [width - frame.pad.right, at]]);
    pen.setLineDash([]);
    pen.textAlign = "right";
    pen.fillText(name, width - frame.pad.right - 58 * k, at - 3); // they lie close to each other
  }
  pen.strokeStyle = classColour(0);
  pen.lineWidth = 2;
  pen.lineJoin = "round";
  const every = Math.max(1, Math.floor(losses.length / 1200));
  const points = [];
  for (let k = 0; k < losses.length; k += every) {
    const y = losses[k];
    points.push([frame.x(k + 1), y === null || y <= 0 ? NaN : frame.y(Math.log10(y))]);
  }
  line(pen, points);
  pen.strokeStyle = pen.fillStyle = classColour(1);
  line(pen, held.map(([at, y]) => [frame.x(at), frame.y(Math.log10(y))]));
  for (const [at, y] of held) { pen.beginPath(); pen.arc(frame.x(at), frame.y(Math.log10(y)), 2.6, 0, 7); pen.fill(); }
  legend(pen, width, held.length ? [["each step", classColour(0), false], ["held out", classColour(1), false]] : []);
  if (points.length === 1) { pen.fillStyle = classColour(0); pen.beginPath(); pen.arc(...points[0], 3, 0, 7); pen.fill(); }
  if (step < losses.length) {
    pen.strokeStyle = ink("ink");
    pen.lineWidth = 1.5;
    line(pen, [[frame.x(step), frame.pad.top], [frame.x(step), height - frame.pad.bottom]]);
  }
}
