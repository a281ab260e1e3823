// Light or dark, before anything is painted: as the address says, as was chosen, or as the system is.

document.documentElement.dataset.theme = new URLSearchParams(location.search).get("theme") ?? chosenTheme()
  ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");

function chosenTheme() {
  try {
    return localStorage.getItem("neuroflow-theme");
  } catch {
    return null; // a page that may keep nothing
  }
}
