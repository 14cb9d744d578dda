"use strict";
/*
 * Figures as people read them, as render/human.c writes them, and the elements that show
 * them. Strings of a recording become text nodes and nothing else, with whatever could hide
 * or turn text made visible.
 */

const UNKNOWN = "unknown";

function isKnown(value) {
	return typeof value === "number" && !Number.isNaN(value);
}

/* One digit behind the point, as printf rounds: what lies halfway goes to the even digit. */
function formatTenths(value) {
	return (value % 1 === 0.25 ? value - 0.05 : value).toFixed(1);
}

function formatBytes(value) {
	const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
	const sign = value < 0 ? "-" : "";
	let magnitude = Math.abs(value);
	let unit = 0;

	if (!isKnown(value))
		return UNKNOWN;
	if (magnitude < 1024)
		return sign + magnitude.toFixed(0) + " B";
	while (magnitude >= 1024 - 0.05 && unit + 1 < units.length) {
		magnitude /= 1024;
		unit++;
	}
	return sign + formatTenths(magnitude) + " " + units[unit];
}

function formatLongDuration(sign, seconds) {
	const whole = Math.floor(seconds + 0.5);
	const minutes = Math.floor(whole / 60);
	const hours = Math.floor(minutes / 60);
	const two = (n) => String(n).padStart(2, "0");

	if (minutes < 60)
		return `${sign}${minutes} min ${two(whole % 60)} s`;
	if (hours < 24)
		return `${sign}${hours} h ${two(minutes % 60)} min`;
	return `${sign}${Math.floor(hours / 24)} d ${two(hours % 24)} h`;
}

function formatDuration(ns) {
	const sign = ns < 0 ? "-" : "";
	const magnitude = Math.abs(ns);

	if (!isKnown(ns))
		return UNKNOWN;
	if (magnitude < 999.5)
		return `${sign}${magnitude.toFixed(0)} ns`;
	if (magnitude < 999.95e3)
		return `${sign}${formatTenths(magnitude / 1e3)} µs`;
	if (magnitude < 999.95e6)
		return `${sign}${formatTenths(magnitude / 1e6)} ms`;
	if (magnitude < 59.95e9)
		return `${sign}${formatTenths(magnitude / 1e9)} s`;
	return formatLongDuration(sign, magnitude / 1e9);
}

function formatCount(value) {
	if (!isKnown(value))
		return UNKNOWN;
	/* Beyond 2^53 a number of JavaScript is not exact, and does not pretend to be. */
	if (Math.abs(value) > Number.MAX_SAFE_INTEGER)
		return "≈ " + value.toPrecision(15);
	return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ",");
}

function formatPercent(ratio) {
	if (!isKnown(ratio))
		return UNKNOWN;
	if (ratio > 0 && ratio < 0.0005)
		return "< 0.1 %";
	return formatTenths(ratio * 100) + " %";
}

function formatTime(unixNs) {
	const date = new Date(unixNs / 1e6);

	if (!isKnown(unixNs) || Number.isNaN(date.getTime()))
		return "unknown time";
	return date.toISOString().slice(0, 19).replace("T", " ") + " UTC";
}

function formatAddress(address) {
	return "0x" + address.toString(16);
}

/* Control characters, and those that change the direction of text or have no width. */
const HIDDEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]/g;

function visible(text) {
	return String(text).replace(HIDDEN, (character) => {
		const code = character.charCodeAt(0);

		if (character === "\n")
			return "\\n";
		if (character === "\t")
			return "\\t";
		return code < 0x100 ? "\\x" + code.toString(16).padStart(2, "0")
			: "\\u" + code.toString(16).padStart(4, "0");
	});
}

/* What memanalyze wrote in prose, where it keeps to ASCII. */
function prose(sentence) {
	return visible(sentence).replace(/(\d) us\b/g, "$1 µs");
}

function add(parent, children) {
	for (const child of children) {
		if (child === null || child === undefined)
			continue;
		parent.append(child instanceof Node ? child : document.createTextNode(String(child)));
	}
	return parent;
}

/* element("div.class", child...): children are elements or text. */
function element(what, ...children) {
	const [tag, ...classes] = what.split(".");
	const made = document.createElement(tag);

	if (classes.length > 0)
		made.className = classes.join(" ");
	return add(made, children);
}

function shape(tag, attributes, ...children) {
	const namespace = document.getElementById("shapes").content.firstElementChild.namespaceURI;
	const made = document.createElementNS(namespace, tag);

	for (const [name, value] of Object.entries(attributes))
		made.setAttribute(name, value);
	return add(made, children);
}

/*
 * A figure of the report: where it stands in the data is kept beside it, so that whoever
 * reads the page can find it again.
 */
function figureOf(data, path, format) {
	const value = path.split(".").reduce((at, key) => (at === null || at === undefined
		? undefined : at[key]), data);
	const made = element("span.figure", format(value));

	made.dataset.key = path;
	made.dataset.value = value === undefined ? "null" : JSON.stringify(value);
	if (isKnown(value) && format !== formatCount)
		made.title = format === formatPercent ? String(value) : formatCount(value);
	if (!isKnown(value))
		made.classList.add("unknown");
	return made;
}

function quoteForShell(word) {
	return /^[\w@%+=:,./-]+$/.test(word) ? word : "'" + word.replace(/'/g, "'\\''") + "'";
}

/* ---- Colours and hints -------------------------------------------------- */

function colour(name) {
	return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}

function showHint(event, lines) {
	const hint = document.getElementById("hint");
	const margin = 14;

	hint.replaceChildren(...lines.map((line) => element("div", line)));
	hint.hidden = false;
	const width = hint.offsetWidth;
	const left = Math.min(event.clientX + margin, document.documentElement.clientWidth - width - 4);
	const below = event.clientY + margin + hint.offsetHeight < window.innerHeight;

	hint.style.left = Math.max(4, left) + "px";
	hint.style.top = (below ? event.clientY + margin
		: event.clientY - margin - hint.offsetHeight) + "px";
}

function hideHint() {
	document.getElementById("hint").hidden = true;
}
