// Which receipt is shown: that of what the pointer or the focus rests on, or of what was chosen.
//
// Resting for a moment is enough to see a receipt; choosing (a click, a tap, Enter, the arrow
// keys) pins it, and then what the pointer passes is shown only while it stays there.

export const DWELL = 300; // milliseconds
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
  // messageOf(target) asks for a receipt; show(frame) shows one; onChange() when targets change.
  constructor(home, send, messageOf, show, onChange) {
    Object.assign(this, { home, messageOf, show, onChange });
    this.line = new OneAtATime(send);
    this.pinned = this.pointed = this.hovered = this.shown = null;
    this.frame = null; // the receipt of what is pinned
    this.stale = false;
    home.addEventListener("focusin", () => this.keep());
    home.addEventListener("pointerdown", () => this.keep());
  }

  get target() {
    return this.hovered ?? this.pinned;
  }

  // The pointer or the focus came to something.
  point(target) {
    if (same(target, this.pointed)) return;
    this.leave();
    if (same(target, this.pinned) || this.isTyping()) return;
    this.pointed = target;
    this.timer = setTimeout(() => {
      this.hovered = target;
      this.ask(target);
      this.onChange();
    }, DWELL);
  }

  leave() {
    clearTimeout(this.timer);
    this.pointed = null;
    if (!this.hovered) return;
    if (!same(this.shown, this.hovered)) this.line.wanted = null; // nobody waits for it any more
    this.hovered = null;
    if (this.pinned && this.frame && !same(this.shown, this.pinned)) this.display(this.frame);
    if (this.pinned && this.stale) this.ask(this.pinned);
    this.onChange();
  }

  pin(target) {
    clearTimeout(this.timer);
    this.hovered = this.pointed = null;
    this.pinned = target;
    this.frame = null;
    this.ask(target);
    this.onChange();
  }

  unpin() {
    this.pinned = this.frame = null;
    this.onChange();
  }

  // Whoever uses a receipt that was only passed by wants to keep it.
  keep() {
    if (!this.shown || same(this.shown, this.pinned)) return;
    clearTimeout(this.timer);
    this.pinned = this.shown;
    this.frame = this.shownFrame;
    this.hovered = null;
    this.onChange();
  }

  // The numbers have changed: what is shown is asked for again.
  again() {
    this.stale = Boolean(this.pinned);
    const target = this.target ?? this.shown;
    if (target) this.ask(target);
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
    if (same(target, this.target ?? this.shown)) this.display(frame);
    this.line.answered();
  }

  display(frame) {
    this.shown = targetOf(frame);
    this.shownFrame = frame;
    this.show(frame);
  }

  isTyping() {
    return this.home.contains(document.activeElement) && document.activeElement.matches("input");
  }

  // Resting on an element with the pointer, or on it or a part of it with the focus, asks for
  // its receipt.
  watch(element, targetNow, focused = element) {
    element.addEventListener("pointerenter", (event) => event.pointerType === "mouse" && this.point(targetNow()));
    element.addEventListener("pointerleave", (event) => event.pointerType === "mouse" && this.leave());
    focused.addEventListener("focus", () => focused.matches(":focus-visible") && this.point(targetNow()));
    focused.addEventListener("blur", (event) => this.home.contains(event.relatedTarget) || this.leave());
  }
}
