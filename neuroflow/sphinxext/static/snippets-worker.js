// Python for the blocks of one page: loads Pyodide and neuroflow from this site, nothing else.
// Takes {start} once and then {code, number}; gives {ready}, {channel, text}, {done, well} and {fatal}.

let notebook = null;

self.onmessage = async ({ data }) => {
  try {
    if (data.start) await start(data.start);
    else postMessage({ done: true, well: notebook.run(data.code, data.number) });
  } catch (error) {
    postMessage({ fatal: String(error.message ?? error) });
  }
};

async function start(home) {
  const { loadPyodide } = await import(new URL("pyodide/pyodide.mjs", home));
  const [python, archive, source] = await Promise.all([
    loadPyodide({ indexURL: new URL("pyodide/", home).href }),
    got(new URL("neuroflow.zip", home)).then((answer) => answer.arrayBuffer()),
    got(new URL("notebook.py", import.meta.url)).then((answer) => answer.text()),
  ]);
  python.unpackArchive(archive, "zip", { extractDir: "/home/pyodide/neuroflow" });
  python.FS.writeFile("/home/pyodide/neuroflow/page_notebook.py", source);
  python.runPython("import sys; sys.path.insert(0, '/home/pyodide/neuroflow')");
  notebook = python.pyimport("page_notebook").Notebook((channel, text) => postMessage({ channel, text }));
  postMessage({ ready: true });
}

async function got(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address} is missing (${answer.status})`);
  return answer;
}
