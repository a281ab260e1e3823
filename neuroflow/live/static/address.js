// The set-up in the address of the page, so that it can be shared.

const TEXTS = ["f", "dataset", "activation", "loss", "optimizer", "schedule"];

export function setupInAddress() {
  const found = {};
  for (const [name, text] of new URLSearchParams(location.hash.slice(1))) {
    if (name === "hidden") found.hidden = text ? text.split(",").map(Number) : [];
    else if (name === "rows") found.rows = text.split(";").map((row) => row.split(",").map(Number));
    else found[name] = TEXTS.includes(name) ? text : Number(text);
  }
  return found;
}

export function writeAddress(page, setup) {
  const words = new URLSearchParams();
  for (const [name, value] of Object.entries(setup)) {
    if (name === "dataset" && page !== "classification") continue;
    if (name === "rows") words.set(name, value.map((row) => row.join(",")).join(";"));
    else words.set(name, Array.isArray(value) ? value.join(",") : value);
  }
  history.replaceState(null, "", `#${words}`);
}
