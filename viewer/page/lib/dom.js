// Creates elements. Text is inserted as text nodes only; nothing in this page parses HTML.

const TYPING_MILLISECONDS = 250
const REFRESH_MILLISECONDS = 1000

// Creates an HTML element: `h("span.muted", { title }, "text")`. Of the properties, functions are listeners, `style`
// holds those of the CSSOM, which the Content-Security-Policy allows, `label` is the accessible name, and `tip` also
// the title. Empty properties and children are left out.
export function h(name, ...rest) {
	const [tag, ...classes] = name.split(".")
	const element = document.createElement(tag)
	if (tag === "button") element.type = "button"
	if (classes.length) element.className = classes.join(" ")
	return fill(element, rest)
}

export function svg(tag, ...rest) {
	return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), rest)
}

function fill(element, [first, ...rest]) {
	if (first === null || typeof first !== "object" || first instanceof Node || Array.isArray(first)) {
		return append(element, [first, ...rest])
	}
	for (const [name, value] of Object.entries(first)) {
		if (value == null || value === false) continue
		if (typeof value === "function") element.addEventListener(name, value)
		else if (name === "class") element.classList.add(...value.split(" ").filter(Boolean))
		else if (name === "style") for (const [property, text] of Object.entries(value)) element.style.setProperty(property, text)
		else if (name === "label" || name === "tip") {
			element.setAttribute("aria-label", value)
			if (name === "tip") element.title = value
		} else element.setAttribute(name, value === true ? "" : value)
	}
	return append(element, rest)
}

function append(element, children) {
	for (const child of children.flat(Infinity)) {
		if (child != null && child !== false && child !== "") element.append(child)
	}
	return element
}

export function region(label) {
	return { tabindex: 0, role: "region", label }
}

export function replace(element, ...children) {
	element.replaceChildren()
	return append(element, children)
}

// A list of named values. An entry is `[name, value, title]`; empty entries are left out.
export function facts(...entries) {
	return h("dl.facts", entries.filter(Boolean).map(([name, value, title]) => h("div", { title }, h("dt", name), h("dd", value))))
}

export function copyButton(text, what) {
	const element = h("button.copy", { tip: `Copy ${what}`, click: async event => {
		event.stopPropagation()
		const copied = navigator.clipboard?.writeText(typeof text === "function" ? text() : text) ?? Promise.reject()
		element.textContent = await copied.then(() => "Copied", () => "Not allowed")
		setTimeout(() => (element.textContent = "Copy"), 1500)
	} }, "Copy")
	return element
}

export function searchField(label, props) {
	return h("input", { type: "search", placeholder: label, label, autocomplete: "off", spellcheck: "false", maxlength: 1000, ...props })
}

export function limitField(placeholder, label, props) {
	return h("input.limit", { type: "number", min: 0, step: "any", placeholder, label, ...props })
}

// Buttons of which one is pressed. An option is `[value, name]`.
export function choice(label, options, pressed, choose) {
	return h("div.choice", { role: "group", label }, options.map(([value, name]) =>
		h("button", { "aria-pressed": String(value === pressed), click: () => choose(value) }, name)))
}

// Keeps a setting in this browser. Without storage, settings last as long as the page.
export function keep(name, value) {
	try {
		localStorage.setItem(`throughline.${name}`, value)
	} catch {
		// Storage is disabled.
	}
}

export function oncePerFrame(work, signal) {
	let frame = 0
	return () => {
		frame ||= requestAnimationFrame(() => {
			frame = 0
			if (!signal.aborted) work()
		})
	}
}

export function onResize(element, work, signal) {
	const observer = new ResizeObserver(work)
	observer.observe(element)
	signal.addEventListener("abort", () => observer.disconnect())
}

export function debounce(work, signal) {
	let timer = 0
	return () => {
		clearTimeout(timer)
		timer = setTimeout(() => signal.aborted || work(), TYPING_MILLISECONDS)
	}
}

// Calls `work` at most once a second. The last call is never lost.
export function throttle(work, signal) {
	let timer = 0
	let last = -Infinity
	return () => {
		timer ||= setTimeout(() => {
			timer = 0
			last = performance.now()
			if (!signal.aborted) work()
		}, Math.max(0, last + REFRESH_MILLISECONDS - performance.now()))
	}
}
