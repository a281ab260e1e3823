// Which receipt is shown: that of what the pointer or the focus rests on, or of what was chosen.
//
// Resting for a moment is enough to see a receipt; choosing (a click, a tap, Enter, the arrow
// keys) pins it, and then what the pointer passes is shown only while it stays there.

export const DWELL = 300; // milliseconds
export const LINGER = 260; // a receipt waits so long for the pointer to come to it
const PATIENCE = 20000;

// One question at a time: of those that come meanwhile, only the last is asked.
export class OneAtATime {
  constructor(send) {
    this.send = send;
    this.open = false;
    this.wanted = null;
  }

  ask(message) {
    if (this.open) {
      this.wanted = message;
      return;
    }
    this.open = true;
    this.timer = setTimeout(() => this.answered(), PATIENCE); // the question was lost
    this.send(message);
  }

  answered() {
    clearTimeout(this.timer);
    const next = this.wanted;
    this.open = false;
    this.wanted = null;
    if (next) this.ask(next);
  }
}

export function same(a, b) {
  return Boolean(a && b) && a.what === b.what && (a.what === "point" ? a.row === b.row : a.name === b.name);
}

const targetOf = (frame) => ({ what: frame.what, name: frame.title, row: frame.row });

export class Asker {
  // messageOf(target) asks for a receipt; show(frame) shows one; onChange() when targets change;
  // staysOpen() says whether a receipt has a place of its own, where it may stay.
  constructor(home, send, messageOf, show, onChange, staysOpen = () => false) {
    Object.assign(this, { home, messageOf, show, onChange, staysOpen });
    this.line = new OneAtATime(send);
    this.pinned = this.pointed = this.hovered = this.shown = null;
    this.frame = null; // the receipt of what is pinned
    this.stale = false;
    home.addEventListener("focusin", () => this.keep());
    home.addEventListener("pointerdown", () => this.keep());
    home.addEventListener("pointerenter", () => clearTimeout(this.leaving));
    home.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && this.leave());
  }

  get target() {
    return this.hovered ?? this.pinned;
  }

  // The pointer or the focus came to something.
  point(target) {
    if (same(target, this.pointed)) return;
    if (same(target, this.hovered)) {
      clearTimeout(this.leaving);
      clearTimeout(this.timer);
      this.pointed = target;
      return;
    }
    this.leave();
    if (same(target, this.pinned) || this.isTyping()) return;
    this.pointed = target;
    this.timer = setTimeout(() => {
      clearTimeout(this.leaving);
      this.hovered = target;
      this.ask(target);
      this.onChange();
    }, DWELL);
  }

  // The pointer went elsewhere: to the receipt, perhaps.
  leave() {
    clearTimeout(this.timer);
    this.pointed = null;
    if (!this.hovered) return;
    clearTimeout(this.leaving);
    this.leaving = setTimeout(() => this.left(), LINGER);
  }

  left() {
    if (!this.hovered || (!this.pinned && this.staysOpen())) return;
    if (!same(this.shown, this.hovered)) this.line.wanted = null; // nobody waits for it any more
    this.hovered = null;
    if (!this.pinned) this.shown = null;
    if (this.pinned && this.frame && !same(this.shown, this.pinned)) this.display(this.frame);
    if (this.pinned && this.stale) this.ask(this.pinned);
    this.onChange();
  }

  pin(target) {
    clearTimeout(this.timer);
    clearTimeout(this.leaving);
    target.opened ??= [];
    this.hovered = this.pointed = null;
    this.pinned = target;
    this.frame = null;
    this.ask(target);
    this.onChange();
  }

  unpin() {
    clearTimeout(this.timer);
    this.pinned = this.frame = this.hovered = this.pointed = this.shown = null;
    this.onChange();
  }

  // Whoever uses a receipt that was only passed by wants to keep it.
  keep() {
    if (!this.shown || same(this.shown, this.pinned)) return;
    clearTimeout(this.timer);
    clearTimeout(this.leaving);
    this.pinned = this.target ?? this.shown;
    this.frame = this.shownFrame;
    this.hovered = null;
    this.onChange();
  }

  // Open or close a part of the receipt that is shown, in place.
  toggle(way) {
    this.keep();
    const target = this.pinned, same = (other) => String(other) === String(way);
    if (!target) return;
    const opened = target.opened ?? [];
    target.opened = opened.some(same) ? opened.filter((other) => String(other.slice(0, way.length)) !== String(way)) : [...opened, way];
    this.ask(target);
  }

  // The numbers have changed: what is shown is asked for again.
  again() {
    this.stale = Boolean(this.pinned);
    if (this.target) this.ask(this.target);
  }

  // Forget what the new set-up does not have.
  forget(exists) {
    for (const which of ["pinned", "hovered", "shown"]) if (this[which] && !exists(this[which])) this[which] = null;
    if (!this.pinned) this.frame = null;
    this.onChange();
  }

  ask(target) {
    this.line.ask(this.messageOf(target));
  }

  answer(frame) {
    const target = targetOf(frame);
    if (same(target, this.pinned)) {
      this.frame = frame;
      this.stale = false;
    }
    if (same(target, this.target)) this.display(frame);
    this.line.answered();
  }

  display(frame) {
    this.shown = same(targetOf(frame), this.target) ? this.target : targetOf(frame);
    this.shownFrame = frame;
    this.show(frame);
  }

  isTyping() {
    return this.home.contains(document.activeElement) && document.activeElement.matches("input");
  }

  // Resting on an element with the pointer, or on it or a part of it with the focus, asks for
  // its receipt.
  watch(element, targetNow, focused = element) {
    const target = () => ({ ...targetNow(), from: element });
    element.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && this.point(target()));
    element.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && this.leave());
    focused.addEventListener("focus", () => focused.matches(":focus-visible") && this.point(target()));
    focused.addEventListener("blur", (event) => this.home.contains(event.relatedTarget) || this.leave());
  }
}
