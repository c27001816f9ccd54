// The button that changes between light and dark, and remembers it.

const system = matchMedia("(prefers-color-scheme: dark)");

export function startThemeToggle(button, onChange) {
  const show = (theme) => {
    document.documentElement.dataset.theme = theme;
    button.setAttribute("aria-pressed", String(theme === "dark"));
    onChange();
  };
  button.addEventListener("click", () => {
    const theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    localStorage.setItem("theme", theme);
    show(theme);
  });
  system.addEventListener("change", () => {
    if (!localStorage.getItem("theme")) show(system.matches ? "dark" : "light");
  });
  button.setAttribute("aria-pressed", String(document.documentElement.dataset.theme === "dark"));
}
