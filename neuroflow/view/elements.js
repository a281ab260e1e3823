// Elements in few words, numbers as text, light and dark: what both pages need.

const $ = (id) => document.getElementById(id);

function html(tag, attributes, ...inside) {
  const made = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...inside);
  return made;
}

function svg(tag, attributes, ...inside) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...inside);
  return element;
}

function table(head, rows, foot) {
  const row = (cells, tag) => html("tr", {}, ...cells.map((cell) => html(tag, {}, cell)));
  return html("table", {}, html("thead", {}, row(head, "th")), html("tbody", {}, ...rows.map((cells) => row(cells, "td"))),
    ...(foot ? [html("tfoot", {}, row(foot, "td"))] : []));
}

// As Python's format "%.4g", with a true minus sign: a number reads the same on every picture.
function digits(x, n = 4) {
  if (!Number.isFinite(x)) return String(x).replace("NaN", "nan").replace("Infinity", "inf").replace("-", "−");
  const [mantissa, power] = x.toExponential(n - 1).split("e"), exponent = Number(power);
  const text = exponent >= -4 && exponent < n
    ? String(Number(x.toPrecision(n)))
    : `${Number(mantissa)}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  return text.replaceAll("-", "−");
}

const shorten = (text, most) => (text.length > most ? `${text.slice(0, most - 1)}…` : text);

function theme() {
  const root = document.documentElement;
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
}
