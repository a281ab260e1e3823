// What each neuron computes, as a little picture in it: a map of the plane, a curve over x, or its
// weights where they make an image. Blue is below zero, orange above, as with the two classes.

import { classColour, ink } from "./charts.js";

// Numbers from 127 levels on either side of zero, as neuroflow/live/inside.py packs them.
export function unpacked([most, levels]) {
  const found = new Float32Array(levels.length * 3 / 4 - (levels.endsWith("==") ? 2 : levels.endsWith("=") ? 1 : 0));
  const bytes = atob(levels);
  for (let k = 0; k < found.length; k++) found[k] = (bytes.charCodeAt(k) - 127) / 127 * most;
  return found;
}

const sheets = new Map();

function sheetOf(side) {
  if (!sheets.has(side)) sheets.set(side, Object.assign(document.createElement("canvas"), { width: side, height: side }));
  return sheets.get(side);
}

const parts = (colour) => [1, 3, 5].map((k) => parseInt(colour.slice(k, k + 2), 16));

// Square pictures of numbers; the first row of a map lies below, that of an image above.
function square(pen, numbers, [x, y, r], fromBelow, discrete) {
  const side = Math.round(Math.sqrt(numbers.length)), sheet = sheetOf(side), image = new ImageData(side, side);
  const [minus, plus] = [parts(classColour(0)), parts(classColour(1))];
  let most = 1e-12;
  for (const n of numbers) most = Math.max(most, Math.abs(n));
  for (let k = 0; k < numbers.length; k++) {
    const row = Math.floor(k / side), at = 4 * ((fromBelow ? side - 1 - row : row) * side + (k % side));
    const colour = numbers[k] > 0 ? plus : minus;
    for (let c = 0; c < 3; c++) image.data[at + c] = colour[c];
    image.data[at + 3] = 255 * (discrete ? (numbers[k] ? 0.75 : 0) : Math.abs(numbers[k]) / most);
  }
  sheet.getContext("2d").putImageData(image, 0, 0);
  pen.imageSmoothingEnabled = fromBelow && !discrete;
  pen.drawImage(sheet, x - r, y - r, 2 * r, 2 * r);
}

function curve(pen, numbers, [x, y, r]) {
  let most = 1e-12;
  for (const n of numbers) most = Math.max(most, Math.abs(n));
  pen.strokeStyle = ink("line");
  pen.lineWidth = 1;
  pen.strokeRect(x - r, y, 2 * r, 0.01);
  pen.strokeStyle = classColour(0);
  pen.lineWidth = 1.6;
  pen.beginPath();
  numbers.forEach((n, k) => pen.lineTo(x - r + (2 * r * k) / (numbers.length - 1), y - 0.8 * r * n / most));
  pen.stroke();
}

// One picture in a circle; kind is map, curve or image.
export function draw(pen, place, numbers, kind, discrete) {
  const [x, y, r] = place;
  pen.save();
  pen.beginPath();
  pen.arc(x, y, r, 0, 7);
  pen.fillStyle = ink("card");
  pen.fill();
  pen.clip();
  if (kind === "curve") curve(pen, numbers, place);
  else square(pen, numbers, place, kind === "map", discrete);
  pen.restore();
}
