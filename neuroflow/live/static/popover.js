// The receipt on the screen: beside what it is about, in a column of its own where the screen is
// wide, on a sheet where it is narrow. It is laid out anew whenever something moves.

import { beside, clipped, sheet, wayOf } from "./placing.js";

const EDGE = 8, WIDTH = 440;

export class Popover {
  // thingNow() gives the box of what is asked about, or null; isOpen() whether there is a receipt.
  constructor(home, thingNow, isOpen) {
    Object.assign(this, { home, thingNow, isOpen });
    this.thing = null;
    this.way = null;
    addEventListener("scroll", () => this.request(), { passive: true, capture: true });
    addEventListener("resize", () => this.request());
    window.frameElement && window.parent.addEventListener("scroll", () => this.request(), { passive: true });
    new ResizeObserver(() => this.request()).observe(home.querySelector("#receipt"));
  }

  request() {
    if (this.waits) return;
    this.waits = requestAnimationFrame(() => { this.waits = 0; this.lay(); });
  }

  // What can be seen of the page: below the bar that sticks to its top, inside a frame too.
  area() {
    const width = document.documentElement.clientWidth, height = window.innerHeight;
    let top = 0, bottom = height;
    const frame = window.frameElement?.getBoundingClientRect();
    if (frame) {
      top = Math.max(0, -frame.top);
      bottom = Math.min(height, window.parent.innerHeight - frame.top);
      if (bottom - top < 160) [top, bottom] = [0, height];
    }
    const bar = document.querySelector(".bar").getBoundingClientRect();
    const sticks = getComputedStyle(document.querySelector(".bar")).position === "sticky";
    if (sticks && bar.top < 24 && bar.bottom > 0 && bar.bottom < 0.4 * height) top = Math.max(top, bar.bottom);
    return { left: EDGE, right: width - EDGE, top: top + EDGE, bottom: bottom - EDGE };
  }

  lay() {
    const area = this.area(), way = wayOf(area.right - area.left + 2 * EDGE), { home } = this;
    document.body.classList.toggle("docked", way === "docked");
    document.body.classList.toggle("sheet", way === "sheet" && this.isOpen());
    home.dataset.way = this.way = way;
    home.hidden = way !== "docked" && !this.isOpen();
    if (home.hidden) return;
    if (way === "docked") return this.dock(area);
    this.thing = this.thingNow() ?? this.thing ?? { left: area.left, right: area.left, top: area.top, bottom: area.top };
    if (way === "sheet") this.uncover(area);
    const place = way === "sheet" ? sheet : beside, width = way === "sheet" ? area.right - area.left : Math.min(WIDTH, area.right - area.left);
    let found = place(clipped(this.thing, area), { width, height: this.heightAt(width) }, area);
    if (found.width < width) found = place(clipped(this.thing, area), { width: found.width, height: this.heightAt(found.width) }, area);
    this.put(found);
  }

  // Scroll a thing out of the way of a sheet, once for each thing.
  uncover(area) {
    const most = area.top + 0.5 * (area.bottom - area.top);
    if (this.uncovered === this.asked || window.frameElement) return;
    this.uncovered = this.asked;
    const by = this.thing.bottom > most ? this.thing.bottom - most : Math.min(0, this.thing.top - area.top);
    if (!by) return;
    window.scrollBy({ top: by, behavior: "instant" });
    this.thing = this.thingNow() ?? this.thing;
  }

  dock(area) {
    const left = document.querySelector("main").getBoundingClientRect().right + 16;
    const width = Math.min(WIDTH, area.right - left);
    this.put({ left, top: area.top, width, height: Math.min(this.heightAt(width), area.bottom - area.top) });
  }

  heightAt(width) {
    const { style } = this.home;
    style.width = `${width}px`;
    style.height = "auto";
    return Math.ceil(this.home.getBoundingClientRect().height);
  }

  put({ left, top, width, height }) {
    const { style } = this.home, down = this.home.scrollTop;
    for (const [name, x] of Object.entries({ left, top, width, height })) style[name] = `${x}px`;
    this.home.scrollTop = down;
  }

  // Another thing is asked about.
  about(asked) {
    if (asked === this.asked) return;
    this.asked = asked;
    this.home.scrollTop = 0;
    this.request();
  }
}
