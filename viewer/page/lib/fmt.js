// Formats numbers, times and texts. Equal quantities have equal forms, so that columns align.

const INTEGER = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 })
const TIME_UNITS = [[1e3, "µs"], [1e6, "ms"], [1e9, "s"]]

function three(value) {
	return value.toFixed(value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2)
}

function two(value, width = 2) {
	return String(value).padStart(width, "0")
}

// Formats nanoseconds with three significant digits: `73.4 ms`. From a minute on: `2m 05s`.
export function duration(ns) {
	if (!Number.isFinite(ns)) return "–"
	if (ns < 0) return `−${duration(-ns)}`
	if (ns < 1000) return `${Math.round(ns)} ns`
	if (ns < 59.95e9) {
		const [size, unit] = TIME_UNITS.find(([size]) => Number(three(ns / size)) < 1000)
		return `${three(ns / size)} ${unit}`
	}
	const seconds = Math.round(ns / 1e9)
	const minutes = Math.floor(seconds / 60)
	return minutes < 60 ? `${minutes}m ${two(seconds % 60)}s` : `${Math.floor(minutes / 60)}h ${two(minutes % 60)}m`
}

export function count(value) {
	return value == null ? "–" : INTEGER.format(value)
}

// Formats a count as `1.24M`.
export function short(value) {
	const [size, unit] = [[1e9, "G"], [1e6, "M"], [1e4, "k"]].find(([least]) => value >= least) ?? [1, ""]
	return size === 1 ? count(value) : `${three(value / (unit === "k" ? 1e3 : size))}${unit}`
}

export function tokens(value, estimated) {
	return (estimated && value != null ? "~" : "") + count(value)
}

// Formats a cost with four decimals, and more if these would be zero: `$0.0012`, `$0.000012`.
export function cost(usd) {
	if (usd == null) return "–"
	if (usd !== 0 && Math.abs(usd) < 0.0001) return `$${Number(usd.toPrecision(2)).toFixed(9).replace(/0+$/, "")}`
	return `$${usd.toFixed(usd >= 100 ? 2 : 4)}`
}

export function bytes(value) {
	const [size, unit] = [[2 ** 30, "GiB"], [2 ** 20, "MiB"], [2 ** 10, "KiB"]].find(([size]) => value >= size) ?? [1, "B"]
	return size === 1 ? `${value} B` : `${three(value / size)} ${unit}`
}

export function percent(part, whole) {
	return whole > 0 ? `${((100 * part) / whole).toFixed(1)} %` : "–"
}

export function plural(number, one) {
	return `${count(number)} ${one}${number === 1 ? "" : "s"}`
}

// Returns milliseconds since the epoch of nanoseconds since the epoch as a string.
export function millis(ns) {
	return Number(BigInt(ns) / 1000n) / 1000
}

// Formats a time of the day: `14:03:22.120`, with the date if it is not today.
export function time(ns) {
	const date = new Date(millis(ns))
	if (Number.isNaN(date.getTime())) return "out of range"
	const clock = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${two(date.getMilliseconds(), 3)}`
	if (date.toDateString() === new Date().toDateString()) return clock
	return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${clock}`
}

// Formats a time for a narrow column: `14:03:22.120`, or `11-30 14:03:22` if it is not today.
export function shortTime(ns) {
	return time(ns).replace(/^\d+-(.*)\.\d+$/, "$1")
}

// Formats a time exactly, in UTC, with nanoseconds.
export function exactTime(ns) {
	const date = new Date(millis(ns))
	if (Number.isNaN(date.getTime())) return `${ns} ns since 1970`
	return `${date.toISOString().slice(0, 19)}.${two(BigInt(ns) % 1000000000n, 9)}Z`
}

// Cuts a text that stands in a row or a heading. The panel of a span shows the whole.
export function label(text, limit = 200) {
	const value = String(text ?? "")
	return value.length > limit ? `${value.slice(0, limit)}…` : value
}

export function name(text, limit) {
	return label(text, limit) || "(no name)"
}
