// Where a receipt opens: beside what it is about, never over it, and whole in view.

export const GAP = 10; // between the thing and its receipt
const DOCKS = 1680; // from this width on there is room for a column of its own
const SHEET = 720; // up to this width it comes from below

const within = (low, x, high) => Math.max(low, Math.min(x, high));

export function wayOf(width) {
  return width >= DOCKS ? "docked" : width <= SHEET ? "sheet" : "popover";
}

// The place of a box of some size beside a thing, in an area; all boxes have left, top, right and
// bottom. It flips to the side where it fits, is shifted along it, and is smaller where it must be.
export function beside(thing, size, area) {
  const room = {
    right: { width: area.right - thing.right - GAP, height: area.bottom - area.top },
    left: { width: thing.left - GAP - area.left, height: area.bottom - area.top },
    below: { width: area.right - area.left, height: area.bottom - thing.bottom - GAP },
    above: { width: area.right - area.left, height: thing.top - GAP - area.top },
  };
  const shown = (side) => within(0, room[side].width, size.width) * within(0, room[side].height, size.height);
  const side = Object.keys(room).reduce((best, next) => (shown(next) > shown(best) * 1.001 ? next : best));
  const width = within(0, size.width, room[side].width), height = within(0, size.height, room[side].height);
  const along = {
    right: { left: thing.right + GAP }, left: { left: thing.left - GAP - width },
    below: { top: thing.bottom + GAP }, above: { top: thing.top - GAP - height },
  }[side];
  const middle = { left: (thing.left + thing.right - width) / 2, top: (thing.top + thing.bottom - height) / 2 };
  return {
    side, width, height,
    left: along.left ?? within(area.left, middle.left, area.right - width),
    top: along.top ?? within(area.top, middle.top, area.bottom - height),
  };
}

// A sheet across the area: at its lower end, or at the upper one if the thing lies there.
export function sheet(thing, size, area) {
  const most = 0.46 * (area.bottom - area.top), wanted = Math.min(size.height, most);
  const below = area.bottom - thing.bottom - GAP, above = thing.top - GAP - area.top;
  const side = below >= wanted || below >= above ? "below" : "above";
  const height = within(0, wanted, Math.max(side === "below" ? below : above, 0.2 * most));
  const width = area.right - area.left;
  return { side, width, height, left: area.left, top: side === "below" ? area.bottom - height : area.top };
}

// What of a thing lies in the area; a thing outside is where it is nearest.
export function clipped(thing, area) {
  const left = within(area.left, thing.left, area.right), right = within(area.left, thing.right, area.right);
  const top = within(area.top, thing.top, area.bottom), bottom = within(area.top, thing.bottom, area.bottom);
  return { left, right, top, bottom };
}
