// Python in the browser: loads Pyodide and neuroflow from the folder of this page, nothing else.

import { loadPyodide } from "./pyodide/pyodide.mjs";

const waiting = [];
let turn = null;
let busy = false;

self.onmessage = async ({ data }) => {
  if (data.page) await start(data.page);
  else waiting.push(data.message);
  if (turn && !busy) pump();
};

async function start(page) {
  try {
    const home = new URL(".", import.meta.url).href;
    const [python, archive] = await Promise.all([
      loadPyodide({ indexURL: home + "pyodide/" }),
      fetch(home + "neuroflow.zip").then((answer) => answer.arrayBuffer()),
    ]);
    python.unpackArchive(archive, "zip", { extractDir: "/home/pyodide/neuroflow" });
    python.runPython("import sys; sys.path.insert(0, '/home/pyodide/neuroflow')");
    const worker = python.pyimport("neuroflow.live.worker").Worker(page);
    turn = (messages) => worker.turn(messages);
    postMessage({ status: "ready", told: "runs in this page" });
  } catch (error) {
    postMessage({ status: "closed", told: `Python could not start: ${error.message ?? error}` });
  }
}

async function pump() {
  busy = true;
  let more = true;
  while (more || waiting.length) {
    const answer = JSON.parse(turn(written(waiting.splice(0))));
    for (const frame of answer.frames) postMessage({ frame: JSON.stringify(frame) });
    more = answer.playing;
    await new Promise((done) => setTimeout(done, 1000 * answer.pause)); // lets messages come in
  }
  busy = false;
}

// Messages as JSON; what JSON does not know becomes null, which gets a message in return.
function written(messages) {
  return JSON.stringify(messages.map((message) => {
    try {
      JSON.stringify(message);
      return message;
    } catch {
      return null;
    }
  }));
}
