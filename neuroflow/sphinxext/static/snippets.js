// Buttons that run the Python blocks of a page, in order and in one notebook.
// Nothing is loaded before the first press. The note at the top says where Python lies.

class Stopped extends Error {}

// The worker: started by the first run, ended by stop().
class Python {
  constructor(home) {
    this.home = home;
    this.worker = null;
  }

  start() {
    this.worker = new Worker(new URL("snippets-worker.js", import.meta.url), { type: "module" });
    return this.ask({ start: this.home });
  }

  // Send a message and wait for its end; `hear(channel, text)` gets what is told on the way.
  ask(message, hear) {
    return new Promise((resolve, reject) => {
      this.reject = reject;
      this.worker.onmessage = ({ data }) => {
        if (data.channel) hear(data.channel, data.text);
        else if (data.fatal) this.end(new Error(data.fatal));
        else resolve(data.well);
      };
      this.worker.onerror = (event) => this.end(new Error(event.message ?? "the worker failed"));
      this.worker.postMessage(message);
    });
  }

  end(reason) {
    this.worker.terminate();
    this.worker = null;
    this.reject(reason);
  }

  stop() {
    if (this.worker) this.end(new Stopped());
  }
}

class Page {
  constructor(note, elements) {
    this.size = note.dataset.size;
    this.python = new Python(new URL(note.dataset.python, location.href).href);
    this.busy = false;
    this.blocks = elements.map((element, index) => new Block(this, element, index + 1));
  }

  // Run a block, and first those above it that have not run in this notebook.
  async run(block) {
    if (this.busy) return;
    this.setBusy(true);
    const above = this.blocks.filter((b) => b.runs && !b.ran && b.number < block.number);
    const told = above.length ? `; ran ${named(above)} first` : "";
    try {
      if (!this.python.worker) {
        block.begin(`loading Python (${this.size}, once)`);
        await this.python.start();
        for (const each of this.blocks) each.forgetSize();
      }
      for (const each of [...above, block]) {
        block.begin(each === block ? "running" : `running ${named([each])} first`);
        if (!(await each.run()) && each !== block && !each.mayFail) {
          block.end(`not run, because block ${each.number} failed`);
          return;
        }
      }
      block.end((block.well ? "done" : "failed") + told);
    } catch (problem) {
      for (const each of this.blocks) each.ran = false;
      block.end(problem instanceof Stopped
        ? "stopped; the session starts anew: the next Run runs the blocks above again"
        : `Python could not run: ${problem.message}${hint()}`);
    } finally {
      this.setBusy(false);
    }
  }

  setBusy(busy) {
    this.busy = busy;
    for (const block of this.blocks) block.runButton.disabled = busy;
  }
}

function named(blocks) {
  const numbers = blocks.map((b) => b.number);
  const last = numbers.pop();
  return numbers.length ? `blocks ${numbers.join(", ")} and ${last}` : `block ${last}`;
}

function hint() {
  return location.protocol === "file:"
    ? "; a page opened from disk may not load Python: serve the folder with python -m http.server"
    : "; press Run to try again";
}

class Block {
  constructor(page, element, number) {
    Object.assign(this, { page, element, number, ran: false, well: false, editor: null });
    const shown = element.querySelector("pre").textContent;
    this.original = withoutPrompts(shown);
    this.mayFail = shown.includes("Traceback (most recent call last)"); // it is meant to
    const reason = [...element.classList].find((name) => name in REASONS);
    this.runs = !reason;
    this.build(reason);
  }

  build(reason) {
    this.bar = made("div", "nf-bar");
    this.runButton = this.button("▶ Run", "Run", () => this.page.run(this));
    this.stopButton = this.button("■ Stop", "Stop", () => this.page.python.stop());
    this.editButton = this.button("Edit", "Edit", () => this.edit());
    this.resetButton = this.button("Reset", "Reset", () => this.reset());
    this.stopButton.hidden = this.resetButton.hidden = true;
    this.status = made("span", "nf-status");
    this.status.setAttribute("role", "status");
    this.output = made("pre", "nf-output");
    this.output.hidden = true;
    this.output.tabIndex = 0;
    this.output.setAttribute("aria-label", `Output of block ${this.number}`);
    if (reason) this.status.textContent = REASONS[reason];
    else {
      this.bar.append(this.runButton, this.stopButton, this.editButton, this.resetButton);
      this.status.textContent = `loads ${this.page.size} first, once`;
    }
    const place = made("span", "nf-number");
    place.textContent = `block ${this.number}`;
    this.bar.append(this.status, place);
    this.element.after(this.bar, this.output);
    this.element.classList.add("nf-runnable");
  }

  button(text, word, action) {
    const button = made("button");
    button.type = "button";
    button.textContent = text;
    button.setAttribute("aria-label", `${word} block ${this.number}`);
    button.addEventListener("click", action);
    return button;
  }

  forgetSize() {
    if (this.runs && this.status.textContent.startsWith("loads ")) this.status.textContent = "";
  }

  get code() {
    return this.editor ? this.editor.area.value : this.original;
  }

  begin(told) {
    this.status.textContent = `${told} …`;
    this.stopButton.hidden = false;
  }

  end(told) {
    this.status.textContent = told;
    this.stopButton.hidden = true;
    if (this.runButton.disabled && document.activeElement === document.body) {
      this.runButton.disabled = false;
      this.runButton.focus(); // the button that had the focus is gone
    }
  }

  async run() {
    this.output.replaceChildren();
    this.output.hidden = true;
    this.well = await this.page.python.ask(
      { code: this.code, number: this.number },
      (channel, text) => this.hear(channel, text),
    );
    this.ran = true;
    if (!this.stopButton.hidden) return this.well;
    this.status.textContent = this.well ? "done" : "failed";
    return this.well;
  }

  hear(channel, text) {
    const part = made("span", `nf-${channel}`);
    part.textContent = text;
    this.output.append(part);
    this.output.hidden = false;
  }

  edit() {
    this.editor ??= new Editor(this);
    this.element.hidden = true;
    this.editButton.hidden = true;
    this.resetButton.hidden = false;
    this.editor.area.focus();
  }

  edited() {
    this.ran = false;
    if (!this.page.busy) this.status.textContent = "edited; Ctrl+Enter runs it";
  }

  reset() {
    this.editor?.remove();
    this.editor = null;
    this.ran = this.element.hidden = this.editButton.hidden = false;
    this.resetButton.hidden = this.output.hidden = true;
    this.status.textContent = "as it was";
    this.editButton.focus();
  }
}

// A text area over the same text in colours.
class Editor {
  constructor(block) {
    this.box = made("div", "nf-editor highlight");
    this.area = made("textarea");
    this.colours = made("pre");
    this.colours.setAttribute("aria-hidden", "true");
    this.area.value = block.original;
    this.area.spellcheck = false;
    this.area.wrap = "off";
    this.area.rows = 1;
    this.area.autocapitalize = "off";
    this.area.setAttribute("aria-label", `Code of block ${block.number}; Ctrl+Enter runs it`);
    this.area.addEventListener("input", () => (this.paint(), block.edited()));
    this.area.addEventListener("keydown", (event) => this.key(event, block));
    this.box.append(this.colours, this.area);
    block.element.after(this.box);
    this.paint();
  }

  key(event, block) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey || event.shiftKey)) {
      event.preventDefault();
      block.page.run(block);
    } else if (event.key === "Enter") {
      event.preventDefault();
      this.newLine();
    } else if (event.key === "Escape") block.runButton.focus();
  }

  // A line begins where the one before it began, and further in after a colon.
  newLine() {
    const before = this.area.value.slice(0, this.area.selectionStart).split("\n").pop();
    const indent = before.match(/^ */)[0] + (/:\s*$/.test(before) ? "    " : "");
    this.area.setRangeText(`\n${indent}`, this.area.selectionStart, this.area.selectionEnd, "end");
    this.area.dispatchEvent(new Event("input"));
  }

  paint() {
    this.colours.replaceChildren(...coloured(this.area.value), "\n");
  }

  remove() {
    this.box.remove();
  }
}

const WORDS = "and as assert break class continue def del elif else except finally for from if import in "
  + "is lambda not or pass raise return try while with yield None True False";
const TOKENS = [
  ["c1", /#[^\n]*/y],
  ["s2", /[rbf]{0,2}(?:"""[^]*?"""|'''[^]*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')/y],
  ["k", new RegExp(`(?:${WORDS.replaceAll(" ", "|")})\\b`, "y")],
  ["nd", /@[\w.]+/y],
  ["mf", /(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/iy],
  ["n", /[^\W\d]\w*/y],
];

// The text as spans with the classes of Pygments, so that the theme of the site colours them.
function* coloured(text) {
  let plain = "";
  for (let at = 0; at < text.length; ) {
    const [name, found] = tokenAt(text, at);
    if (found && name !== "n") {
      yield plain;
      plain = "";
      const part = made("span", name);
      part.textContent = found;
      yield part;
    } else plain += found || text[at];
    at += found.length || 1;
  }
  yield plain;
}

function tokenAt(text, at) {
  for (const [name, pattern] of TOKENS) {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) return [name, found[0]];
  }
  return ["", ""];
}

// The statements of a block; what Python answered in it is left out.
function withoutPrompts(text) {
  const lines = text.replace(/\n+$/, "").split("\n");
  if (!lines.some((line) => line.startsWith(">>>"))) return lines.join("\n");
  return lines.filter((line) => /^(>>>|\.\.\.)( |$)/.test(line)).map((line) => line.slice(4)).join("\n");
}

function made(tag, classes = "") {
  const element = document.createElement(tag);
  element.className = classes;
  return element;
}

const note = document.querySelector(".nf-run-note[data-python]");
const REASONS = note ? JSON.parse(note.dataset.reasons) : {};
// A block with a caption is a file to be saved; one that ran when the page was built shows its output.
const BLOCKS = "div.highlight-python:not(.literal-block-wrapper *, .nf-shown)";
if (note) window.neuroflowPage = new Page(note, [...document.querySelectorAll(BLOCKS)]);
