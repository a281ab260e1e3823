// The points of a picture: shown on hover, chosen, added, dragged and removed, by pointer or key.

import { el } from "./elements.js";

const WAYS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

export class PointsView {
  constructor(plot, tool, state, asker, send, requestDraw) {
    Object.assign(this, { plot, tool, state, asker, send, requestDraw });
    this.dragged = null;
    tool.onchange = () => { state.tool = tool.value; };
    plot.onpointerdown = (event) => this.press(event);
    plot.onpointermove = (event) => this.move(event);
    plot.onpointerup = (event) => this.release(event);
    plot.onpointercancel = () => this.putBack();
    plot.addEventListener("touchstart", (event) => this.dragged && event.preventDefault(), { passive: false }); // or the page scrolls
    this.undo = document.getElementById("undo");
    this.undo.onclick = () => this.goBack();
    this.before = []; // what the points were before they were changed by hand
    plot.onkeydown = (event) => this.key(event);
    plot.onpointerleave = () => asker.leave();
    plot.onfocus = () => this.focus();
    plot.onblur = (event) => asker.home.contains(event.relatedTarget) || asker.leave();
  }

  get still() {
    return this.state.setup?.picture ?? {};
  }

  get canMove() {
    return Boolean(this.still.box) && !this.state.setup.watching;
  }

  build() {
    const labels = this.still.labels ?? [];
    const more = labels.length < 6 ? [["add-" + labels.length, `adds a point of a new class`]] : [];
    const tools = [["look", "shows the receipt"], ...labels.map((label, k) => [`add-${k}`, `adds a point of class ${label}`]), ...more, ["remove", "removes a point"]];
    this.tool.replaceChildren(...tools.map(([value, textContent]) => el("option", { value, textContent })));
    if (!tools.some(([value]) => value === this.state.tool)) this.state.tool = "look";
    this.tool.value = this.state.tool;
    if (this.state.setup.setup.dataset !== "rows") this.before = [];
    this.undo.hidden = this.before.length === 0;
  }

  nearest(event) {
    const { left, top } = this.plot.getBoundingClientRect(), { frame } = this.state;
    const x = event.clientX - left, y = event.clientY - top;
    let best = null, least = event.pointerType === "touch" ? 24 : 14;
    (this.still.points ?? []).forEach((p, k) => {
      const far = Math.hypot(frame.x(p[0]) - x, frame.y(p[1]) - y);
      if (far < least) [best, least] = [k, far];
    });
    return { row: best, at: [frame.backX(x), frame.backY(y)] };
  }

  // The place of a point on the screen.
  boxOf(row) {
    const point = this.still.points?.[row], { frame } = this.state;
    if (!point || !frame || this.plot.hidden) return null;
    const { left, top } = this.plot.getBoundingClientRect(), x = left + frame.x(point[0]), y = top + frame.y(point[1]);
    return { left: x - 12, right: x + 12, top: y - 12, bottom: y + 12 };
  }

  copy() {
    return this.still.points.map((p) => [...p]);
  }

  sendRows(rows, before = this.copy()) {
    this.before.push(before);
    this.send({ do: "rows", rows });
  }

  // Undo the last change by hand.
  goBack() {
    if (this.before.length) this.send({ do: "rows", rows: this.before.pop() });
  }

  // A point that was dragged, but not let go: its place is what it was.
  putBack() {
    if (this.dragged?.moved) this.still.points[this.dragged.row].splice(0, 3, ...this.dragged.before);
    this.dragged = null;
    this.requestDraw();
  }

  press(event) {
    if (!this.state.frame) return;
    const { row, at } = this.nearest(event), point = this.still.points?.[row];
    this.pressed = row;
    // The point is held where it was taken: it does not jump to the finger.
    const off = point && [point[0] - at[0], point[1] - at[1]];
    this.dragged = point && this.canMove ? { row, off, before: [...point], all: this.copy(), x: event.clientX, y: event.clientY, moved: false } : null;
    if (this.dragged) this.plot.setPointerCapture(event.pointerId);
  }

  move(event) {
    if (!this.dragged) return this.pass(event);
    const slack = event.pointerType === "touch" ? 8 : 4;
    if (!this.dragged.moved && Math.hypot(event.clientX - this.dragged.x, event.clientY - this.dragged.y) < slack) return;
    this.dragged.moved = true;
    this.asker.leave();
    const { at } = this.nearest(event), { row, off } = this.dragged;
    this.still.points[row].splice(0, 2, at[0] + off[0], at[1] + off[1]);
    this.requestDraw();
  }

  // The pointer passes over the picture, and may rest on a point.
  pass(event) {
    if (!this.state.frame || event.pointerType !== "mouse") return;
    const { row } = this.nearest(event);
    this.plot.style.cursor = row === null ? "crosshair" : "pointer";
    if (row === null) this.asker.leave();
    else this.asker.point({ what: "point", row });
  }

  // The keyboard came to the picture: to the point that was looked at last.
  focus() {
    const count = this.still.points?.length ?? 0;
    if (count && this.plot.matches(":focus-visible")) this.asker.point({ what: "point", row: Math.min(this.state.row, count - 1) });
  }

  release(event) {
    if (!this.state.frame) return;
    const { at } = this.nearest(event), { tool } = this.state, row = this.pressed ?? null;
    const { moved, all } = this.dragged ?? {};
    this.dragged = this.pressed = null;
    if (moved) this.sendRows(this.copy(), all);
    else if (tool.startsWith("add-")) this.sendRows([...this.copy(), [...at, Number(tool.slice(4))]]);
    else if (row !== null && tool === "remove") this.sendRows(this.copy().filter((_, k) => k !== row));
    else if (row !== null) this.asker.pin({ what: "point", row });
  }

  key(event) {
    if (event.key === "z" && (event.ctrlKey || event.metaKey)) { event.preventDefault(); return this.goBack(); }
    if (!this.still.points?.length) return;
    const { target } = this.asker, row = target?.what === "point" ? target.row : null;
    const way = WAYS[event.key];
    if (way && event.shiftKey && row !== null && this.canMove) this.shift(row, way);
    else if (way) {
      const count = this.still.points.length;
      this.asker.pin({ what: "point", row: row === null ? 0 : (row + way[0] + way[1] + count) % count });
    } else if (event.key === "Delete" && row !== null && this.canMove) {
      this.sendRows(this.copy().filter((_, k) => k !== row));
    } else return;
    event.preventDefault();
  }

  shift(row, way) {
    const size = (this.still.box[1] - this.still.box[0]) / 40, moved = this.copy();
    moved[row][0] += way[0] * size;
    moved[row][1] += way[1] * size;
    this.sendRows(moved);
  }
}
