// What a page keeps from one visit to the next, where the browser lets it.

export function keep(name, value, store = "localStorage") {
  try {
    window[store].setItem(`neuroflow-${name}`, value);
  } catch { /* then it is forgotten */ }
}

export function kept(name, store = "localStorage") {
  try {
    return window[store].getItem(`neuroflow-${name}`);
  } catch {
    return null;
  }
}
