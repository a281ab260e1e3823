// The page of one computation graph: what keys, buttons and the pointer do, and how it begins.
// Every number comes from the data that Python wrote into it.

const itemAt = (target) => target.closest?.(".item");
$("picture").addEventListener("pointerdown", () => { $("found").hidden = true; });
$("picture").addEventListener("click", (event) => {
  const item = itemAt(event.target);
  if (item && !dragged) act(Number(item.dataset.id));
});
$("picture").addEventListener("focusin", (event) => {
  const item = itemAt(event.target);
  if (item && Number(item.dataset.id) !== chosen) choose(Number(item.dataset.id), false);
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || $("keys").open) return;
  if (event.target.matches?.("input")) {
    if (event.key === "Escape") { $("search").value = ""; search(""); element(chosen)?.focus(); }
    if (event.key === "Enter" || event.key === "ArrowDown") { event.preventDefault(); $("found").querySelector("button")?.focus(); if (event.key === "Enter") document.activeElement.click?.(); }
    return;
  }
  const inPicture = Boolean(itemAt(event.target)) || event.target === document.body;
  const deeds = {
    "/": () => $("search").focus(), "?": () => $("keys").showModal(),
    "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), 0: () => fit(), c: collapseAll, d: theme, r: turn,
    Escape: () => { $("found").hidden = true; },
  };
  if (inPicture) {
    for (const key of ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"]) deeds[key] = () => step(key);
    deeds.Enter = deeds[" "] = () => act(chosen);
    deeds.Backspace = () => { if (open.has(chosen) && chosen) toggle(chosen); else if (parent(chosen) > 0) toggle(parent(chosen)); };
  }
  if (deeds[event.key]) { event.preventDefault(); deeds[event.key](); }
});

$("search").addEventListener("input", () => search($("search").value));
$("collapse").addEventListener("click", collapseAll);
$("in").addEventListener("click", () => zoom(1.25));
$("out").addEventListener("click", () => zoom(0.8));
$("fit").addEventListener("click", () => fit());
$("turn").addEventListener("click", turn);
$("theme").addEventListener("click", theme);
$("help").addEventListener("click", () => $("keys").showModal());
$("outline").addEventListener("toggle", () => { if ($("outline").open) outline(); });
window.addEventListener("resize", () => show());

function betterDirection() { // the one in which the whole picture is larger
  const { width, height } = stage();
  const scales = [false, true].map((way) => {
    down = way;
    const { root } = arrange();
    return Math.min(width / root.w, height / root.h, 1);
  });
  down = scales[1] > scales[0];
}

for (const id of D.open) open.add(id);
betterDirection();
draw();
fit(scene.root, stage().width < 600 ? 0.55 : 0.3);
choose(0, false);
