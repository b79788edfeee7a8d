// Colours of services: the same service has the same colour on all pages of a tab.

const COLOURS = 12;
const taken = new Map();

function hash(text) {
  let value = 2166136261;
  for (let index = 0; index < Math.min(text.length, 64); index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 16777619);
  }
  return value >>> 0;
}

/** Returns the class that sets `--service`. Two services share a colour only if there are more than 12. */
export function serviceClass(service) {
  let slot = taken.get(service);
  if (slot === undefined) {
    slot = hash(service) % COLOURS;
    const used = new Set(taken.values());
    for (let step = 0; used.has(slot) && step < COLOURS; step += 1) slot = (slot + 5) % COLOURS;
    taken.set(service, slot);
  }
  return `c${slot}`;
}

/** Returns the value of a custom property as a colour that a canvas understands. */
export function resolve(name, element = document.body) {
  const probe = document.createElement("span");
  probe.style.color = `var(${name})`;
  element.append(probe);
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

/** Calls `work` when the colours change: by the switch, or by the system. */
export function onThemeChange(work) {
  const query = matchMedia("(prefers-color-scheme: dark)");
  query.addEventListener("change", work);
  addEventListener("throughline-theme", work);
  return () => {
    query.removeEventListener("change", work);
    removeEventListener("throughline-theme", work);
  };
}

const ORDER = ["auto", "light", "dark"];

/** Returns the theme: `auto`, `light` or `dark`. */
export function theme() {
  return document.documentElement.dataset.theme ?? "auto";
}

/** Switches to the next theme and stores it. */
export function nextTheme() {
  const next = ORDER[(ORDER.indexOf(theme()) + 1) % ORDER.length];
  if (next === "auto") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try {
    if (next === "auto") localStorage.removeItem("throughline.theme");
    else localStorage.setItem("throughline.theme", next);
  } catch {
    // Storage is disabled. The theme lasts as long as the page.
  }
  dispatchEvent(new Event("throughline-theme"));
  return next;
}
