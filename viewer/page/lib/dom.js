// Creates elements. Text is inserted as text nodes only; nothing in this page parses HTML.

const SVG = "http://www.w3.org/2000/svg";

/**
 * Creates an HTML element. `props` holds attributes, and `on` (listeners), `style` (properties of the CSSOM,
 * which the Content-Security-Policy allows) and `class`. An attribute that is `null`, `undefined` or `false`
 * is left out. Children are nodes, strings, numbers, or arrays of these; empty values are left out.
 */
export function h(tag, props, ...children) {
  return fill(document.createElement(tag), props, children);
}

/** Creates an SVG element. */
export function svg(tag, props, ...children) {
  return fill(document.createElementNS(SVG, tag), props, children);
}

function fill(element, props, children) {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) element.addEventListener(event, listener);
    } else if (name === "style") {
      for (const [property, text] of Object.entries(value)) element.style.setProperty(property, text);
    } else {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  append(element, children);
  return element;
}

export function append(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    element.append(child instanceof Node ? child : String(child));
  }
  return element;
}

/** Replaces the children of an element. */
export function replace(element, ...children) {
  element.replaceChildren();
  return append(element, children);
}

/** Calls `work` at most once for each animation frame. */
export function oncePerFrame(work) {
  let frame = 0;
  const run = () => {
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      work();
    });
  };
  run.cancel = () => {
    cancelAnimationFrame(frame);
    frame = 0;
  };
  return run;
}

/** Calls `work` after `wait` milliseconds without another call. */
export function debounce(wait, work) {
  let timer = 0;
  const run = (...values) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...values), wait);
  };
  run.cancel = () => clearTimeout(timer);
  return run;
}

/** Calls `work` now, and then at most once in `wait` milliseconds. The last call is never lost. */
export function throttle(wait, work) {
  let timer = 0;
  let last = -Infinity;
  const fire = () => {
    timer = 0;
    last = performance.now();
    work();
  };
  const run = () => {
    if (!timer) timer = setTimeout(fire, Math.max(0, last + wait - performance.now()));
  };
  run.cancel = () => {
    clearTimeout(timer);
    timer = 0;
  };
  return run;
}

/** A button with a text or an icon. */
export function button(label, props, ...children) {
  return h("button", { type: "button", ...props }, children.length ? children : label);
}

/** A button that copies a text, and says so. */
export function copyButton(text, label) {
  const element = button("Copy", { class: "copy", "aria-label": `Copy ${label}`, title: `Copy ${label}` });
  element.addEventListener("click", async (event) => {
    event.stopPropagation();
    try {
      await navigator.clipboard.writeText(typeof text === "function" ? text() : text);
      element.textContent = "Copied";
    } catch {
      element.textContent = "Not allowed";
    }
    setTimeout(() => (element.textContent = "Copy"), 1500);
  });
  return element;
}
