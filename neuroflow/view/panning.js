// Moving and zooming a picture: by wheel, by dragging, by two fingers.

let mostZoom = 3;
let view = { x: 0, y: 0, s: 1 };
const stage = () => $("picture").getBoundingClientRect();

function show() {
  $("world").setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.s})`);
}

function zoom(factor, at = [stage().width / 2, stage().height / 2]) {
  const s = Math.min(mostZoom, Math.max(0.05, view.s * factor));
  view = { s, x: at[0] - ((at[0] - view.x) * s) / view.s, y: at[1] - ((at[1] - view.y) * s) / view.s };
  show();
}

const pointers = new Map();
let dragged = false;

$("picture").addEventListener("pointerdown", (event) => {
  pointers.set(event.pointerId, [event.clientX, event.clientY]);
  dragged = false;
});
window.addEventListener("pointermove", (event) => {
  const before = pointers.get(event.pointerId);
  if (!before) return;
  const now = [event.clientX, event.clientY];
  if (!dragged && Math.hypot(now[0] - before[0], now[1] - before[1]) < 4) return;
  dragged = true;
  $("picture").classList.add("dragging");
  if (pointers.size === 2) {
    const [other] = [...pointers].filter(([key]) => key !== event.pointerId).map(([, place]) => place);
    const gap = (p) => Math.hypot(p[0] - other[0], p[1] - other[1]), box = stage();
    zoom(gap(now) / Math.max(1, gap(before)), [(now[0] + other[0]) / 2 - box.left, (now[1] + other[1]) / 2 - box.top]);
  } else {
    view.x += now[0] - before[0];
    view.y += now[1] - before[1];
    show();
  }
  pointers.set(event.pointerId, now);
});
for (const end of ["pointerup", "pointercancel"]) {
  window.addEventListener(end, (event) => {
    pointers.delete(event.pointerId);
    $("picture").classList.remove("dragging");
  });
}
$("picture").addEventListener("wheel", (event) => {
  event.preventDefault();
  const box = stage(), amount = event.deltaMode ? event.deltaY * 18 : event.deltaY;
  zoom(Math.exp(-Math.max(-120, Math.min(120, amount)) / 400), [event.clientX - box.left, event.clientY - box.top]);
}, { passive: false });
