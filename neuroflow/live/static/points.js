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
    plot.onpointercancel = () => { this.dragged = null; };
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

  sendRows(rows) {
    this.send({ do: "rows", rows });
  }

  press(event) {
    if (!this.state.frame) return;
    const { row } = this.nearest(event);
    this.dragged = row !== null && this.canMove ? { row, x: event.clientX, y: event.clientY, moved: false } : null;
    if (this.dragged) this.plot.setPointerCapture(event.pointerId);
  }

  move(event) {
    if (!this.dragged) return this.pass(event);
    if (!this.dragged.moved && Math.hypot(event.clientX - this.dragged.x, event.clientY - this.dragged.y) < 4) return;
    this.dragged.moved = true;
    this.asker.leave();
    const { at } = this.nearest(event);
    this.still.points[this.dragged.row].splice(0, 2, ...at);
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
    const { row, at } = this.nearest(event), { tool } = this.state;
    const moved = this.dragged?.moved;
    this.dragged = null;
    if (moved) this.sendRows(this.copy());
    else if (tool.startsWith("add-")) this.sendRows([...this.copy(), [...at, Number(tool.slice(4))]]);
    else if (row !== null && tool === "remove") this.sendRows(this.copy().filter((_, k) => k !== row));
    else if (row !== null) this.asker.pin({ what: "point", row });
  }

  key(event) {
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
