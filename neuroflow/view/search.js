// Search: by name, op or module.

function search(text) {
  const wanted = text.trim().toLowerCase(), found = $("found");
  if (!wanted) { found.hidden = true; return; }
  const hit = (rows) => rows.map((row) => row.toLowerCase().includes(wanted));
  const labels = hit(D.labels), ops = hit(D.ops.map((op) => op.name)), scopes = hit(D.scopes);
  const ids = [];
  D.boxes.forEach((box, k) => { if (k && ids.length < 15 && `${box.label} ${box.path}`.toLowerCase().includes(wanted)) ids.push(k); });
  for (let k = 0; k < N && ids.length < 40; k++) {
    if (labels[D.label[k]] || (D.op[k] >= 0 && ops[D.op[k]]) || scopes[D.scope[k]]) ids.push(-1 - k);
  }
  found.replaceChildren(...ids.map((id) => {
    const button = link(id);
    button.append(html("small", {}, isBox(id) ? path(id) : `${path(id)} data ${digits(D.data[scalar(id)])}`));
    button.addEventListener("click", () => { found.hidden = true; });
    return html("li", {}, button);
  }));
  if (!ids.length) found.append(html("li", {}, "Nothing is called that."));
  found.hidden = false;
}
