// Light or dark: as the system has it, until the reader says otherwise.

const KEY = "ciokit-sandbox-theme";

export function applyTheme() {
  const chosen = localStorage.getItem(KEY);
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
}

export function switchTheme() {
  const dark =
    getComputedStyle(document.documentElement).colorScheme === "dark" ||
    (!document.documentElement.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  localStorage.setItem(KEY, dark ? "light" : "dark");
  applyTheme();
}
