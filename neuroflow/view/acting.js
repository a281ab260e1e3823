// What can be done: choose, open and close, go to a neighbour, bring into view.

function fit(one = scene.root, least = 0) {
  const { width, height } = stage(), margin = 24;
  const s = Math.max(least, Math.min(1.15, (width - 2 * margin) / one.w, (height - 2 * margin - 20) / one.h));
  view = { s, x: width / 2 - one.x * s, y: (height - 20) / 2 - one.y * s };
  if (one.w * s > width) view.x = margin - (one.x - one.w / 2) * s;
  if (one.h * s > height) view.y = margin - (one.y - one.h / 2) * s;
  show();
}

function bringIntoView(one) {
  const { width, height } = stage();
  const left = view.x + (one.x - one.w / 2) * view.s, top = view.y + (one.y - one.h / 2) * view.s;
  const inside = left >= 0 && top >= 0 && left + one.w * view.s <= width && top + one.h * view.s <= height;
  if (inside) return;
  if (one.w * view.s > width || one.h * view.s > height) fit(one, 0.3);
  else {
    view.x = width / 2 - one.x * view.s;
    view.y = height / 2 - one.y * view.s;
    show();
  }
}

let clearing = 0;
function say(text) {
  $("message").textContent = text;
  clearTimeout(clearing);
  clearing = setTimeout(() => { $("message").textContent = ""; }, 6000);
}

function choose(id, focus = true) {
  chosen = id;
  mark();
  details(id);
  if (focus) element(id)?.focus({ preventScroll: true });
}

function toggle(id) {
  if (!isBox(id) || id === 0) return;
  if (!scene.unit.has(id)) reveal(id);
  const next = new Set(open);
  if (!next.delete(id)) next.add(id);
  const count = countVisible(next);
  if (count > LIMIT) {
    say(`Opening ${name(id)} would show ${count} boxes, more than ${LIMIT} can be read. Close others first: Backspace closes the box around the selection, c closes all.`);
    return;
  }
  const before = scene.unit.get(id);
  const at = before && [before.x - before.w / 2, before.y - before.h / 2];
  open = next;
  chosen = id;
  draw();
  const after = scene.unit.get(id);
  if (at) {
    view.x += (at[0] - (after.x - after.w / 2)) * view.s;
    view.y += (at[1] - (after.y - after.h / 2)) * view.s;
    show();
  }
  bringIntoView(after);
  choose(id);
}

function act(id) {
  if (isBox(id)) toggle(id);
  choose(id);
}

function reveal(id) {
  const needed = [];
  for (let box = parent(id); box >= 0; box = parent(box)) needed.push(box);
  const next = new Set([...open, ...needed]);
  open = countVisible(next) > LIMIT ? new Set(needed) : next;
  chosen = id;
  draw();
  if (view.s < 0.5) view.s = 0.8;
  const one = scene.unit.get(id), { width, height } = stage();
  view.x = width / 2 - one.x * view.s;
  view.y = height / 2 - one.y * view.s;
  show();
  choose(id);
}

function collapseAll() {
  open = new Set([0]);
  chosen = 0;
  draw();
  fit();
  choose(0, false);
}

function turn() {
  down = !down;
  draw();
  fit();
}

function step(key) {
  const here = scene.unit.get(chosen);
  if (!here) return;
  let others;
  const [before, after, above] = down ? ["ArrowUp", "ArrowDown", "ArrowLeft"] : ["ArrowLeft", "ArrowRight", "ArrowUp"];
  const [along, across] = down ? ["y", "x"] : ["x", "y"];
  if (key === before) others = scene.edges.filter((e) => e.to === here).map((e) => e.from);
  else if (key === after) others = scene.edges.filter((e) => e.from === here).map((e) => e.to);
  else others = scene.items.filter((one) => one !== here && (key === above ? one[across] < here[across] - 1 : one[across] > here[across] + 1));
  if (here.units && !others.length) others = here.units.filter((one) => one.w);
  const far = (one) => Math.abs(one[across] - here[across]) + Math.abs(one[along] - here[along]) * (key === before || key === after ? 0.2 : 3);
  others.sort((a, b) => far(a) - far(b));
  if (others.length) {
    choose(others[0].id);
    bringIntoView(others[0]);
  }
}
