/*
 * Charts over time on dygraphs: one window of time and one cursor for all of them, the heat
 * map included.
 */

const AXIS_WIDTH = 62;

/* What all charts of a run show: [from, to], and the moment that is pointed at. */
class TimeWindow {
	constructor(from, to) {
		this.full = [from, to > from ? to : from + 1];
		this.shown = this.full.slice();
		this.followers = [];
	}

	show(from, to, by) {
		const least = (this.full[1] - this.full[0]) * 1e-5;

		if (!(to - from > least))
			return;
		this.shown = [Math.max(from, this.full[0]), Math.min(to, this.full[1])];
		for (const follower of this.followers)
			follower.showWindow(this.shown, follower === by);
		document.body.classList.toggle("zoomed", this.isZoomed());
	}

	isZoomed() {
		return this.shown[0] > this.full[0] || this.shown[1] < this.full[1];
	}

	reset() {
		this.show(this.full[0], this.full[1], null);
	}

	point(at, by) {
		for (const follower of this.followers)
			if (follower !== by)
				follower.showCursor(at);
	}
}

/* What an axis counts: of y above it, of x below. */
function axisName(axis, name) {
	return element(`div.axis-name.${axis}`, name);
}

/* Steps that people count time in, in seconds. */
const TIME_STEPS = [1e-6, 2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01,
	0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200,
	10800, 21600, 43200, 86400, 172800, 432000, 864000, 2592000, 7776000, 31536000];

function formatMoment(seconds, step) {
	const two = (n) => String(n).padStart(2, "0");

	if (step < 1)
		return seconds.toFixed(Math.ceil(-Math.log10(step) - 1e-9)) + " s";
	const whole = Math.round(seconds);
	if (whole < 60 || (step < 60 && whole < 120))
		return whole + " s";
	if (step >= 86400)
		return (whole / 86400).toFixed(0) + " d";
	if (whole < 3600)
		return Math.floor(whole / 60) + ":" + two(whole % 60) + " min";
	return Math.floor(whole / 3600) + ":" + two(Math.floor(whole % 3600 / 60)) + " h";
}

/* The least of 1, 2, 5, 10, 20 ... that is not less. */
function roundStep(least) {
	const power = 10 ** Math.floor(Math.log10(least));

	return [1, 2, 5].map((n) => n * power).find((step) => step >= least) || 10 * power;
}

/* A tick at each multiple of the step, however far the figures lead. */
function ticksOf(from, to, step, label) {
	const ticks = [];
	const most = 100;

	for (let n = Math.ceil(from / step - 1e-9); ticks.length < most && n * step <= to + step * 1e-9; n++)
		ticks.push({v: n * step, label: label(n * step)});
	return ticks;
}

function timeTicks(from, to, pixels, hasTime) {
	const least = (to - from) / Math.max(2, Math.floor(pixels / 90));
	const step = hasTime ? TIME_STEPS.find((s) => s >= least) || roundStep(least)
		: Math.max(1, roundStep(least));

	return ticksOf(from, to, step, (at) => (hasTime ? formatMoment(at, step) : formatCount(at)));
}

/* Steps of a bytes axis are whole numbers of the unit that it is written in. */
function byteTicks(from, to, pixels) {
	const wanted = Math.max(2, pixels / 44);
	const unit = 1024 ** Math.max(0, Math.floor(Math.log(Math.max(1, to) / 2) / Math.log(1024)));
	const least = (to - from) / wanted / unit;
	const steps = [1, 2, 4, 5, 8, 10, 16, 20, 32, 50, 64, 100, 128, 200, 250, 256, 500, 512, 1000, 1024];
	const step = (steps.find((s) => s >= least) || roundStep(least)) * unit;

	return ticksOf(from, to, step, (at) => formatBytes(at).replace(".0 ", " "));
}

function shareTicks(from, to, pixels) {
	const step = Math.max(0.01, roundStep((to - from) / Math.max(2, pixels / 40)));

	return ticksOf(from, to, step, (at) => Math.round(at * 100) + " %");
}

function durationTicks(from, to) {
	const ticks = [];

	for (let power = 0; power < 13; power++)
		for (const n of [1, 2, 5]) {
			const at = n * 10 ** power;

			if (at < from || at > to)
				continue;
			if (n > 1 && to / from > 300)
				continue;
			ticks.push({v: at, label: formatDuration(at).replace(".0 ", " ")});
		}
	return ticks;
}

/* The nearest row of a rising column. */
function nearestRow(rows, at) {
	let low = 0;
	let high = rows.length - 1;

	while (low < high) {
		const middle = (low + high) >> 1;

		if (rows[middle][0] < at)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 && at - rows[low - 1][0] < rows[low][0] - at ? low - 1 : low;
}

/*
 * One chart: what = {title, axis, unit, note, rows, series: [{label, colour, format}], ...}. The legend
 * above it has the values of the row pointed at, else of the last.
 */
class TimeChart {
	constructor(what, timeWindow, momentName) {
		this.what = what;
		this.window = timeWindow;
		this.momentName = momentName;
		this.values = what.series.map(() => element("span.value"));
		this.moment = element("span.moment");
		this.plot = element("div.plot");
		this.plot.style.height = what.height + "px";
		this.plot.setAttribute("role", "img");
		this.plot.setAttribute("aria-label", `${what.title}, ${what.unit} by ${what.axis}`);
		this.element = element("figure.chart",
			element("figcaption", element("div.chart-title", element("h3", what.title), this.moment),
				this.legend()), axisName("y", what.unit), this.plot, axisName("x", what.axis));
		if (what.note)
			this.element.append(element("p.note", what.note));
		timeWindow.followers.push(this);
	}

	legend() {
		return element("div.legend", ...this.what.series.map((series, i) => {
			const swatch = element("span.swatch" + (series.shape ? "." + series.shape : ""));

			swatch.style.setProperty("--swatch", `var(--${series.colour})`);
			return element("span.entry", swatch, series.label + " ", this.values[i]);
		}));
	}

	/* Once the element is in the page. */
	draw() {
		if (typeof Dygraph === "undefined") {
			this.plot.replaceChildren(element("p.note",
				"This memanalyze was built without the charting library (dygraphs)."));
			this.plot.style.height = "auto";
			return;
		}
		this.graph = new Dygraph(this.plot, this.what.rows, this.options());
		this.tell(this.what.rows.length - 1, false);
	}

	options() {
		const what = this.what;
		const model = Dygraph.defaultInteractionModel;

		return Object.assign({
			labels: ["at", ...what.series.map((series) => series.label)],
			legend: "never",
			showLabelsOnHighlight: false,
			dateWindow: this.window.shown,
			strokeWidth: 1.6,
			highlightCircleSize: 3.5,
			gridLineWidth: 1,
			axisLabelFontSize: 12,
			axisLineWidth: 1,
			rightGap: 10,
			animatedZooms: false,
			/* Without its touch handlers: a finger on a chart scrolls the page. */
			interactionModel: {
				mousedown: model.mousedown,
				willDestroyContextMyself: true,
				dblclick: () => this.window.reset(),
			},
			zoomCallback: (from, to) => this.window.show(from, to, this),
			drawCallback: (graph, isFirst) => this.followRangeSelector(graph, isFirst),
			highlightCallback: (event, x, points, row) => {
				this.tell(row, true);
				this.window.point(x, this);
			},
			unhighlightCallback: () => {
				this.tell(what.rows.length - 1, false);
				this.window.point(null, this);
			},
			axes: {
				x: {ticker: (from, to, pixels) => timeTicks(from, to, pixels, what.hasTime),
					axisLabelWidth: 70},
				y: {ticker: what.ticker, axisLabelWidth: AXIS_WIDTH},
			},
		}, this.colours(), what.options || {});
	}

	colours() {
		return {
			colors: this.what.series.map((series) => colour(series.colour)),
			gridLineColor: colour("grid"),
			axisLineColor: colour("axis"),
			rangeSelectorPlotStrokeColor: colour("axis"),
			rangeSelectorPlotFillColor: colour("grid"),
			rangeSelectorPlotFillGradientColor: colour("grid"),
			rangeSelectorBackgroundStrokeColor: colour("grid"),
			rangeSelectorForegroundStrokeColor: colour("axis"),
			rangeSelectorVeilColour: colour("veil"),
		};
	}

	/* Dragging the handles of the range selector zooms without a zoomCallback. */
	followRangeSelector(graph, isFirst) {
		const [from, to] = graph.xAxisRange();
		const [shownFrom, shownTo] = this.window.shown;

		if (isFirst || (from === shownFrom && to === shownTo))
			return;
		this.window.show(from, to, this);
	}

	showWindow(shown, isMine) {
		if (this.graph && !isMine)
			this.graph.updateOptions({dateWindow: shown.slice()});
	}

	showCursor(at) {
		if (!this.graph)
			return;
		if (at === null) {
			this.graph.clearSelection();
			this.tell(this.what.rows.length - 1, false);
			return;
		}
		const row = nearestRow(this.what.rows, at);

		this.graph.setSelection(row);
		this.tell(row, true);
	}

	tell(row, pointed) {
		const values = this.what.rows[row];

		if (!values)
			return;
		this.what.series.forEach((series, i) => {
			const value = series.value ? series.value(values, row) : values[i + 1];

			this.values[i].textContent = value === null || value === undefined
				|| Number.isNaN(value) ? "–" : series.format(value);
		});
		this.moment.textContent = pointed ? this.momentName(this.what, row) : "";
	}

	redraw() {
		if (!this.graph)
			return;
		this.graph.updateOptions(this.colours(), true);
		this.graph.resize();
		this.graph.updateOptions({});
	}
}

/* ---- What is drawn ------------------------------------------------------ */

function fillBand(context, upper, lower, bottom, fill) {
	let i = 0;

	context.fillStyle = fill;
	while (i < upper.length) {
		const begin = i;

		while (i < upper.length && !Number.isNaN(upper[i].canvasy) && upper[i].yval !== null)
			i++;
		if (i - begin > 0) {
			context.beginPath();
			context.moveTo(upper[begin].canvasx, upper[begin].canvasy);
			for (let k = begin + 1; k < i; k++)
				context.lineTo(upper[k].canvasx, upper[k].canvasy);
			for (let k = i - 1; k >= begin; k--)
				context.lineTo(upper[k].canvasx, lower ? lower[k].canvasy : bottom);
			context.closePath();
			context.fill();
		}
		while (i < upper.length && (Number.isNaN(upper[i].canvasy) || upper[i].yval === null))
			i++;
	}
}

/* The heap cut into bands that lie on each other; the goal is a line above them. */
function plotBands(names) {
	return (e) => {
		const bottom = e.dygraph.toDomYCoord(0);

		if (e.seriesIndex >= names.length) {
			Dygraph.Plotters.linePlotter(e);
			return;
		}
		fillBand(e.drawingContext, e.points,
			e.seriesIndex > 0 ? e.allSeriesPoints[e.seriesIndex - 1] : null, bottom,
			colour(names[e.seriesIndex]));
	};
}

function heapChart(run, pictures) {
	const levels = pictures.levels;
	const stack = (...parts) => (parts.includes(null) ? null : parts.reduce((a, b) => a + b, 0));
	const rows = levels.at.map((at, i) => {
		const alloc = levels.heap_alloc_bytes[i];
		const inuse = levels.heap_inuse_bytes[i];
		const sys = levels.heap_sys_bytes[i];
		const released = levels.heap_released_bytes[i];

		return [at, alloc, inuse, stack(sys, released === null ? null : -released), sys,
			levels.goal_bytes[i]];
	});
	const less = (k) => (values) => (values[k] === null || values[k - 1] === null ? null
		: values[k] - values[k - 1]);
	const bands = ["objects", "unused", "retained", "released"];
	const top = rows.reduce((most, row) => Math.max(most, row[4] || 0, row[2] || 0), 0);
	const goalTop = rows.reduce((most, row) => Math.max(most, row[5] || 0), 0);

	return {
		title: "Heap",
		height: 320,
		rows,
		axis: pictures.axis,
		unit: "bytes",
		hasTime: pictures.has_time,
		ticker: byteTicks,
		series: [
			{label: "objects", colour: "objects", format: formatBytes},
			{label: "free slots, tails", colour: "unused", format: formatBytes, value: less(2)},
			{label: "idle, retained", colour: "retained", format: formatBytes, value: less(3)},
			{label: "idle, released", colour: "released", format: formatBytes, value: less(4)},
			{label: "goal of the next collection", colour: "goal", shape: "dashes",
				format: formatBytes},
		],
		options: {
			plotter: plotBands(bands),
			/* A goal far above the heap would press it flat. */
			valueRange: [0, Math.max(top, goalTop <= 2 * top ? goalTop : 0) * 1.06 || 1],
			strokePattern: [5, 4],
			showRangeSelector: rows.length > 8,
			rangeSelectorHeight: 26,
			rangeSelectorAlpha: 0.4,
		},
	};
}

/* All that a trace knows of the heap. */
function markedChart(run, pictures) {
	const levels = pictures.levels;
	const rows = levels.at.map((at, i) => [at, levels.heap_marked_bytes[i]]).filter((row) => row[1] !== null);

	return {
		title: "Live heap",
		height: 240,
		rows,
		axis: pictures.axis,
		unit: "bytes",
		hasTime: pictures.has_time,
		ticker: byteTicks,
		series: [{label: "live at the end of marking", colour: "objects", shape: "line", format: formatBytes}],
		options: {valueRange: [0, Math.max(...rows.map((row) => row[1])) * 1.06 || 1]},
	};
}

function shareChart(run, pictures) {
	const levels = pictures.levels;
	const ratio = (part, whole) => (part === null || whole === null || whole === 0 ? null
		: part / whole);
	const rows = levels.at.map((at, i) => {
		const inuse = levels.heap_inuse_bytes[i];
		const sys = levels.heap_sys_bytes[i];
		const alloc = levels.heap_alloc_bytes[i];
		const released = levels.heap_released_bytes[i];

		return [at, ratio(inuse === null || alloc === null ? null : inuse - alloc, inuse),
			ratio([sys, inuse, released].includes(null) ? null : sys - inuse - released, sys)];
	});
	const top = rows.reduce((most, row) => Math.max(most, row[1] || 0, row[2] || 0), 0);

	return {
		title: "Fragmentation and retention",
		height: 190,
		rows,
		axis: pictures.axis,
		unit: "share",
		hasTime: pictures.has_time,
		ticker: shareTicks,
		series: [
			{label: "of the bytes in spans hold no object", colour: "unused-line", shape: "line",
				format: formatPercent},
			{label: "of the heap is idle and retained", colour: "retained-line", shape: "dashes",
				format: formatPercent},
		],
		options: {
			valueRange: [0, Math.max(0.1, top) * 1.08],
			series: {"of the heap is idle and retained": {strokePattern: [6, 3]}},
		},
	};
}

function pauseChart(run, pictures) {
	const pauses = pictures.pauses;
	const known = pauses.pause_ns.map((pause, i) => i).filter((i) => pauses.pause_ns[i] > 0
		&& pauses.at[i] !== null).sort((a, b) => pauses.at[a] - pauses.at[b]);
	const rows = known.map((i) => [pauses.at[i], pauses.pause_ns[i], pauses.rolling_mean_ns[i] || null]);
	const most = Math.max(...rows.map((row) => row[1]));
	const least = Math.min(...rows.map((row) => row[1]));

	return {
		title: "Each pause",
		height: 240,
		rows,
		gcNum: known.map((i) => pauses.gc_num[i]),
		axis: pictures.axis,
		unit: "pause, on a logarithmic scale",
		hasTime: pictures.has_time,
		ticker: durationTicks,
		series: [
			{label: "pause of a cycle", colour: "pause", shape: "dot", format: formatDuration},
			{label: "mean of 20 cycles", colour: "mean", shape: "line", format: formatDuration},
		],
		options: {
			logscale: true,
			valueRange: [least / 1.5, most * 1.5],
			series: {
				"pause of a cycle": {strokeWidth: 0, drawPoints: true,
					pointSize: rows.length > 800 ? 1.6 : 2.6},
				"mean of 20 cycles": {strokeWidth: 1.8},
			},
		},
	};
}
