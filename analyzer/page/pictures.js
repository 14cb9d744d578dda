/*
 * Pictures that no charting library has: the heat map of size classes, the map of the spans,
 * the histogram of pauses, and small ones inside of tables. Canvases draw themselves again
 * when their width, the window of time or the colours change.
 */

/* ---- Small ones --------------------------------------------------------- */

function sparkline(values) {
	const known = values.filter(isKnown);
	const most = Math.max(...known);
	const width = 120;
	const height = 28;
	let path = "";
	let pen = "M";

	if (known.length < 2 || !(most > 0))
		return null;
	values.forEach((value, i) => {
		if (!isKnown(value)) {
			pen = "M";
			return;
		}
		const x = i / (values.length - 1) * width;
		const y = height - 1.5 - value / most * (height - 4);

		path += `${pen}${x.toFixed(1)} ${y.toFixed(1)}`;
		pen = "L";
	});
	return shape("svg", {viewBox: `0 0 ${width} ${height}`, class: "sparkline",
		preserveAspectRatio: "none", "aria-hidden": "true"},
	shape("path", {d: path, "vector-effect": "non-scaling-stroke"}));
}

/* At most `count` values, of each share the greatest: a spike stays. */
function greatest(values, count) {
	if (values.length <= count)
		return values;
	return Array.from({length: count}, (unused, i) => {
		const share = values.slice(Math.floor(i * values.length / count),
			Math.floor((i + 1) * values.length / count)).filter(isKnown);

		return share.length > 0 ? Math.max(...share) : null;
	});
}

/* Spans by occupancy, in tenths. */
function tenthsChart(tenths) {
	const most = Math.max(1, ...tenths);
	const made = shape("svg", {viewBox: "0 0 80 20", class: "tenths", role: "img",
		"aria-label": "spans by occupancy in tenths: " + tenths.join(", ")});

	tenths.forEach((spans, i) => {
		const height = spans > 0 ? Math.max(1.5, spans / most * 20) : 0.75;

		made.append(shape("rect", {x: i * 8 + 0.5, y: 20 - height, width: 7, height,
			rx: 0.5, style: `fill: var(--${spans > 0 ? "heat-" + i : "grid"})`},
		shape("title", {}, `${i * 10} to ${i * 10 + 10} % full: ${formatCount(spans)} spans`)));
	});
	return made;
}

/* ---- Histogram ---------------------------------------------------------- */

/* Bins of equal width on a logarithmic axis, with the percentiles. */
class Histogram {
	constructor(run) {
		this.bins = run.pictures.histogram;
		this.pauses = run.pauses;
		this.place = element("div");
		this.element = element("figure.chart", element("figcaption", element("h3", "How long they were")),
			axisName("y", "pauses"), this.place, axisName("x", "length of a pause, on a logarithmic scale"));
	}

	layout() {
		const {least_ns: least, n} = this.bins;
		const width = Math.max(240, this.place.clientWidth);
		const height = 210;
		const [left, right, top, bottom] = [AXIS_WIDTH + 5, width - 12, 26, height - 24];
		const binWidth = 1 / 6;
		/* A single bin is not to fill the whole width. */
		const margin = Math.max(0, 8 - n.length) / 2 * binWidth;
		const first = Math.max(0, Math.log10(least[0]) - margin);
		const last = Math.log10(least[least.length - 1]) + binWidth + margin;
		const most = Math.max(...n);

		return {width, height, left, right, top, bottom, most, least: 10 ** first, greatest: 10 ** last,
			endOf: (ns) => 10 ** (Math.log10(ns) + binWidth),
			x: (ns) => left + (Math.log10(Math.max(ns, 1)) - first) / (last - first) * (right - left),
			y: (count) => top + (1 - count / most) * (bottom - top)};
	}

	draw() {
		const place = this.layout();
		const picture = shape("svg", {viewBox: `0 0 ${place.width} ${place.height}`, class: "histogram",
			role: "img", "aria-label": "How many pauses were how long"});

		this.drawAxes(picture, place);
		this.drawBars(picture, place);
		this.drawPercentiles(picture, place);
		this.place.replaceChildren(picture);
	}

	drawAxes(picture, place) {
		const scale = 10 ** Math.floor(Math.log10(Math.max(1, place.most / 5)));
		const step = [1, 2, 5, 10].map((k) => k * scale).find((s) => place.most / s <= 5);
		let free = -Infinity;

		for (let count = 0; count <= place.most; count += step) {
			picture.append(shape("line", {x1: place.left, x2: place.right, y1: place.y(count),
				y2: place.y(count), class: "grid"}));
			picture.append(shape("text", {x: place.left - 6, y: place.y(count) + 4,
				"text-anchor": "end"}, formatCount(count)));
		}
		for (const tick of durationTicks(place.least, place.greatest)) {
			const x = place.x(tick.v);

			if (x < free || x > place.right - 14)
				continue;
			picture.append(shape("text", {x, y: place.height - 6, "text-anchor": "middle"}, tick.label));
			free = x + 58;
		}
	}

	drawBars(picture, place) {
		this.bins.n.forEach((count, i) => {
			const least = this.bins.least_ns[i];
			const end = place.endOf(least);
			const height = Math.max(1.5, place.bottom - place.y(count));

			if (count === 0)
				return;
			picture.append(shape("rect", {x: place.x(least) + 0.75, y: place.bottom - height, height,
				width: place.x(end) - place.x(least) - 1.5, rx: 1, class: "bar"},
			shape("title", {}, `${formatDuration(least)} to ${formatDuration(end)}: `
				+ `${formatCount(count)} pauses`)));
		});
	}

	drawPercentiles(picture, place) {
		let free = -Infinity;

		for (const name of ["p50", "p90", "p99"]) {
			const ns = this.pauses[name + "_ns"];

			if (!isKnown(ns))
				continue;
			const x = place.x(ns);
			picture.append(shape("line", {x1: x, x2: x, y1: 15, y2: place.bottom, class: "mark"}));
			if (x > free)
				picture.append(shape("text", {x, y: 11, "text-anchor": "middle", class: "mark"}, name));
			free = Math.max(free, x + 26);
		}
	}

	redraw() {
		this.draw();
	}
}

/* ---- Canvases ----------------------------------------------------------- */

/* A canvas as wide as its place, in device pixels; returns its context in CSS pixels. */
function prepareCanvas(canvas, width, height) {
	const scale = window.devicePixelRatio || 1;
	const context = canvas.getContext("2d");

	canvas.width = Math.round(width * scale);
	canvas.height = Math.round(height * scale);
	canvas.style.height = height + "px";
	context.setTransform(scale, 0, 0, scale, 0, 0);
	context.clearRect(0, 0, width, height);
	context.font = "11px system-ui, sans-serif";
	return context;
}

/* A mouse that moves over the canvas, or a finger on it, whose hint stays until the page moves. */
function followPointer(canvas, hover, leave) {
	canvas.addEventListener("pointermove", hover);
	canvas.addEventListener("pointerdown", hover);
	canvas.addEventListener("pointerleave", (event) => {
		if (event.pointerType === "touch")
			return;
		hideHint();
		leave();
	});
}

/*
 * Puts an image in the place of every canvas, for paper: a canvas that a browser lays out anew
 * while it prints may come out empty. Returns what undoes it.
 */
function freezeCanvases() {
	const images = [...document.querySelectorAll(".chart canvas")].map((canvas) => {
		const image = element("img.frozen");

		image.src = canvas.toDataURL();
		image.alt = canvas.getAttribute("aria-label") || "";
		image.style.cssText = canvas.style.cssText;
		canvas.after(image);
		return image;
	});

	document.documentElement.dataset.frozen = "";
	return () => {
		delete document.documentElement.dataset.frozen;
		images.forEach((image) => image.remove());
	};
}

/* Occupancy by size class over time: a row a class, a column a snapshot. */
class HeatMap {
	constructor(run, timeWindow) {
		this.data = run.pictures.classes;
		this.hasTime = run.pictures.has_time;
		this.window = timeWindow;
		this.canvas = element("canvas");
		this.canvas.setAttribute("role", "img");
		this.canvas.setAttribute("aria-label", "Occupancy of the spans of each size class over time");
		this.element = element("figure.chart", axisName("y", "bytes an object"), this.canvas,
			axisName("x", run.pictures.axis), this.key());
		this.most = Math.max(1, ...this.data.rows.map((row) => Math.max(...row.span_bytes)));
		followPointer(this.canvas, (event) => this.hover(event), () => timeWindow.point(null, this));
		this.canvas.addEventListener("dblclick", () => timeWindow.reset());
		timeWindow.followers.push(this);
	}

	key() {
		const ramp = element("span.ramp");

		for (let i = 0; i < 10; i++) {
			const step = element("span");

			step.style.background = `var(--heat-${i})`;
			ramp.append(step);
		}
		return element("div.legend", element("span.entry", "empty ", ramp, " full"),
			element("span.entry", "the fainter, the less memory in spans of the class"));
	}

	/* Where a column ends: where the next begins; the last is as wide as the one before. */
	endOf(column) {
		const at = this.data.at;

		if (column + 1 < at.length)
			return at[column + 1];
		return Math.max(this.window.full[1], at[column]);
	}

	layout() {
		const width = this.canvas.clientWidth;
		const rows = this.data.rows.length;
		const rowHeight = Math.max(7, Math.min(18, Math.floor(420 / Math.max(1, rows))));
		const top = 4;

		return {width, rowHeight, top, left: AXIS_WIDTH + 5, right: width - 10,
			bottom: top + rows * rowHeight, height: top + rows * rowHeight + 22};
	}

	draw() {
		const place = this.layout();
		const context = prepareCanvas(this.canvas, place.width, place.height);

		this.drawCells(context, place);
		this.drawAxes(context, place);
	}

	x(at, place) {
		const [from, to] = this.window.shown;

		return place.left + (at - from) / (to - from) * (place.right - place.left);
	}

	drawCells(context, place) {
		const heat = Array.from({length: 10}, (unused, i) => colour("heat-" + i));

		context.save();
		context.beginPath();
		context.rect(place.left, place.top, place.right - place.left, place.bottom - place.top);
		context.clip();
		context.fillStyle = colour("sunken");
		context.fillRect(place.left, place.top, place.right - place.left, place.bottom - place.top);
		this.data.rows.forEach((row, k) => {
			row.occupancy_ratio.forEach((ratio, column) => {
				if (ratio === null)
					return;
				/* Whole pixels: neighbours neither overlap nor leave a gap. */
				const begin = Math.round(this.x(this.data.at[column], place));
				const end = Math.round(this.x(this.endOf(column), place));

				if (end === begin && column + 1 < this.data.at.length)
					return;

				/* By the order of magnitude of its bytes, down to a page. */
				context.globalAlpha = 0.3 + 0.7 * Math.max(0, Math.log(row.span_bytes[column] / 8192 + 1)
					/ Math.log(this.most / 8192 + 1));
				context.fillStyle = heat[Math.min(9, Math.floor(ratio * 10))];
				context.fillRect(begin, place.top + k * place.rowHeight, Math.max(1, end - begin),
					place.rowHeight - 1);
			});
		});
		context.restore();
	}

	drawAxes(context, place) {
		const every = Math.ceil(13 / place.rowHeight);

		context.fillStyle = colour("soft");
		context.textAlign = "right";
		context.textBaseline = "middle";
		this.data.rows.forEach((row, k) => {
			if (k % every === 0)
				context.fillText(this.nameOf(row), place.left - 6,
					place.top + (k + 0.5) * place.rowHeight);
		});
		context.textAlign = "center";
		context.textBaseline = "alphabetic";
		context.font = "12px system-ui, sans-serif";
		for (const tick of timeTicks(...this.window.shown, place.right - place.left, this.hasTime))
			if (this.x(tick.v, place) < place.right - 10)
				context.fillText(tick.label, this.x(tick.v, place), place.bottom + 16);
	}

	nameOf(row) {
		if (row.class === 0)
			return "large";
		return row.size_bytes > 0 ? formatCount(row.size_bytes) : "class " + row.class;
	}

	hover(event) {
		const place = this.layout();
		const box = this.canvas.getBoundingClientRect();
		const [from, to] = this.window.shown;
		const share = (event.clientX - box.left - place.left) / (place.right - place.left);
		const row = this.data.rows[Math.floor((event.clientY - box.top - place.top) / place.rowHeight)];
		const at = from + share * (to - from);
		let column = this.data.at.length - 1;

		if (!row || share < 0 || share > 1) {
			hideHint();
			return;
		}
		while (column > 0 && this.data.at[column] > at)
			column--;
		const ratio = row.occupancy_ratio[column];
		showHint(event, [
			row.class === 0 ? "Large objects" : `Objects of ${this.nameOf(row)} bytes, class ${row.class}`,
			ratio === null ? "no span" : `${formatPercent(ratio)} full, ${formatBytes(row.span_bytes[column])} in spans`,
			`snapshot ${this.data.seq[column]}` + (this.data.gc_num[column] === null ? ""
				: `, gc ${this.data.gc_num[column]}`)
				+ (this.hasTime ? `, at ${formatDuration(this.data.at[column] * 1e9)}` : ""),
		]);
		this.window.point(this.data.at[column], this);
	}

	showWindow() {
		this.draw();
	}

	showCursor(at) {
		this.draw();
		if (at === null)
			return;
		const place = this.layout();
		const context = this.canvas.getContext("2d");
		const x = Math.round(this.x(at, place)) + 0.5;

		if (x < place.left || x > place.right)
			return;
		context.strokeStyle = colour("ink");
		context.beginPath();
		context.moveTo(x, place.top);
		context.lineTo(x, place.bottom);
		context.stroke();
	}

	redraw() {
		this.draw();
	}
}

/* The pages of all spans in the order of their addresses, each cell cut into what it holds. */
class SpanMap {
	constructor(run) {
		this.map = run.pictures.map;
		this.canvas = element("canvas");
		this.canvas.setAttribute("role", "img");
		this.canvas.setAttribute("aria-label", "What the pages of the heap hold, in the order of their addresses");
		this.element = element("figure.chart", this.canvas, this.key());
		followPointer(this.canvas, (event) => this.hover(event), () => {});
	}

	static parts = [
		["objects", "objects"], ["unused", "free slots, tails"], ["retained", "idle, retained"],
		["released", "idle, released"], ["stacks", "stacks"],
	];

	key() {
		return element("div.legend", ...SpanMap.parts.map(([name, label]) => {
			const swatch = element("span.swatch");

			swatch.style.setProperty("--swatch", `var(--${name})`);
			return element("span.entry", swatch, label);
		}));
	}

	layout() {
		const width = this.canvas.clientWidth;
		const left = width > 560 ? 108 : 0;
		const count = this.map.cells.length;
		/* Steps from row to row that are round in hexadecimal; a few rows at least. */
		let columns = Math.max(16, Math.floor((width - left) / 9 / 16) * 16);

		while (columns > 16 && count / columns < 6)
			columns -= 16;
		const cell = Math.min(22, (width - left) / columns);
		const rows = Math.ceil(count / columns);

		return {left, columns, cell, rowHeight: Math.round(Math.max(8, Math.min(cell, 16))), rows, width};
	}

	draw() {
		const place = this.layout();
		const context = prepareCanvas(this.canvas, place.width, place.rows * place.rowHeight + 2);
		const fills = SpanMap.parts.map(([name]) => colour(name));
		const cellBytes = this.map.cell_pages * 8192;

		this.map.cells.forEach((cell, i) => {
			/* Whole pixels, or the gaps between cells would differ. */
			const column = i % place.columns;
			const x = place.left + Math.round(column * place.cell);
			const width = place.left + Math.round((column + 1) * place.cell) - x - 1;
			const y = Math.floor(i / place.columns) * place.rowHeight;
			let height = place.rowHeight - 1;

			fills.forEach((fill, k) => {
				const part = cell[k + 1] / cellBytes * (place.rowHeight - 1);

				context.fillStyle = fill;
				context.fillRect(x, y + height - part, width, part);
				height -= part;
			});
		});
		if (place.left > 0)
			this.drawAddresses(context, place);
	}

	drawAddresses(context, place) {
		const every = Math.ceil(14 / place.rowHeight);

		context.fillStyle = colour("soft");
		context.font = "11px ui-monospace, monospace";
		context.textAlign = "right";
		context.textBaseline = "middle";
		for (let row = 0; row < place.rows; row += every)
			context.fillText(formatAddress(this.map.cells[row * place.columns][0]),
				place.left - 8, (row + 0.5) * place.rowHeight);
	}

	hover(event) {
		const place = this.layout();
		const box = this.canvas.getBoundingClientRect();
		const column = Math.floor((event.clientX - box.left - place.left) / place.cell);
		const row = Math.floor((event.clientY - box.top) / place.rowHeight);
		const cell = this.map.cells[row * place.columns + column];

		if (!cell || column < 0 || column >= place.columns) {
			hideHint();
			return;
		}
		showHint(event, [`from ${formatAddress(cell[0])}`].concat(
			SpanMap.parts.map(([, label], k) => [label, cell[k + 1]]).filter((part) => part[1] > 0)
				.map(([label, bytes]) => `${label}: ${formatBytes(bytes)}`)));
	}

	redraw() {
		this.draw();
	}
}
