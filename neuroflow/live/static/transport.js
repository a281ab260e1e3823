// One page, two transports: a websocket to the server on this machine, or Python in a worker.
// Both take messages (objects with "do") and give frames (objects with "type").

export function connect(page, transport, onFrame, onStatus) {
  return transport === "worker" ? overWorker(page, onFrame, onStatus) : overSocket(page, onFrame, onStatus);
}

function overSocket(page, onFrame, onStatus) {
  const address = new URL(`tab?page=${encodeURIComponent(page)}`, location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  address.hash = "";
  const socket = new WebSocket(address);
  socket.onopen = () => onStatus("ready", "runs on this machine");
  socket.onmessage = (event) => onFrame(JSON.parse(event.data));
  socket.onclose = (event) => onStatus("closed", closing(event));
  return { send: (message) => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify(message)) };
}

function closing(event) {
  if (event.reason) return event.reason;
  if (event.code === 1009) return "the message was too large; reload the page to start again";
  return "the server has stopped; start neuroflow demo again, and open the address it prints";
}

function overWorker(page, onFrame, onStatus) {
  const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" });
  onStatus("loading", "loading Python (15 MB, once)");
  worker.onmessage = ({ data }) => {
    if (data.status) onStatus(data.status, data.told);
    else onFrame(JSON.parse(data.frame));
  };
  worker.onerror = (event) => onStatus("closed", `Python could not start: ${event.message}`);
  worker.postMessage({ page });
  return { send: (message) => worker.postMessage({ message }) };
}
