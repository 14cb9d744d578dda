/* The page: the sections of one run, in the order in which one asks. */

const SEVERITY_SIGNS = {ok: "✓", info: "i", warning: "!", critical: "✕"};

function section(title, ...children) {
	return element("section", element("h2", title), ...children);
}

function scrolling(table) {
	return element("div.scroll", table);
}

function tableOf(headings, rows) {
	return scrolling(element("table",
		element("thead", element("tr", ...headings.map((heading) => element("th", heading)))),
		element("tbody", ...rows.map((cells) => element("tr", ...cells.map((cell) => element("td", cell)))))));
}

/* A command with a button that copies it, where the browser lets a file do so. */
function commandBox(text) {
	const shown = visible(text);
	const button = element("button.copy", "Copy");

	button.addEventListener("click", () => {
		if (!navigator.clipboard)
			return;
		navigator.clipboard.writeText(shown).then(() => {
			button.textContent = "Copied";
			setTimeout(() => { button.textContent = "Copy"; }, 1500);
		}, () => { button.textContent = "Select it by hand"; });
	});
	return element("div.command", element("code", shown), button);
}

function sqlCommand(page, query) {
	return `memanalyze sql ${quoteForShell(page.file || "FILE")} ${quoteForShell(query)}`;
}

/* ---- Head and verdict --------------------------------------------------- */

function headOf(run, page, picker) {
	const where = [
		run.pid === null ? null : `pid ${run.pid}`,
		run.host ? `on ${visible(run.host)}` : null,
		run.start_unix_ns === null ? null : formatTime(run.start_unix_ns),
	].filter((part) => part !== null);
	const snapshot = run.snapshot;
	const at = [
		snapshot.seq === null ? null : `snapshot ${snapshot.seq}`,
		snapshot.gc_num === null ? null : `gc ${snapshot.gc_num}`,
		snapshot.reason ? visible(snapshot.reason) : null,
	].filter((part) => part !== null);

	return element("header",
		element("div.brand", "memspan memory report", picker),
		element("h1", visible(run.exe || "unnamed program")),
		element("p.where", where.join(" · ")),
		element("p.where.file", element("span", visible(run.path || "")), at.length > 0
			? " · levels of " + at.join(", ") : ""));
}

function findingOf(run, sentence) {
	return run.findings.find((finding) => finding.sentence === sentence);
}

/* A figure of a rule, of whatever unit. */
function formatAny(value) {
	if (value === null)
		return UNKNOWN;
	return typeof value === "number" ? value.toLocaleString("en-US", {maximumFractionDigits: 4})
		: visible(value);
}

function evidenceOf(finding, run, page) {
	const list = element("dl.evidence");

	for (const [name, value] of Object.entries(finding.evidence))
		list.append(element("div", element("dt", visible(name)),
			element("dd", formatAny(value))));
	return element("details", element("summary", "Evidence and rule"),
		element("p.note", "Rule ", element("code", visible(finding.rule)),
			`: threshold ${formatAny(finding.threshold)} ${visible(finding.threshold_unit || "")}, floor `
			+ `${formatAny(finding.floor)} ${visible(finding.floor_unit || "")}`),
		list, finding.query ? commandBox(sqlCommand(page, finding.query)) : null);
}

function verdictOf(run, page) {
	const told = new Set(run.verdict);
	const card = (sentence, severity, finding) => element("li.finding." + severity,
		element("span.sign", SEVERITY_SIGNS[severity] || "·"),
		element("div", element("p", prose(sentence)), finding ? evidenceOf(finding, run, page) : null));
	const cards = run.verdict.map((sentence) => {
		const finding = findingOf(run, sentence);

		return card(sentence, finding ? finding.severity : "ok", finding);
	});
	const others = run.findings.filter((finding) => !told.has(finding.sentence));
	const made = element("section.verdict", element("ul.findings", ...cards));

	if (others.length > 0)
		made.append(element("details.others", element("summary",
			others.length === 1 ? "One more finding" : `${others.length} more findings`),
		element("ul.findings", ...others.map((finding) => card(finding.sentence, finding.severity, finding)))));
	return made;
}

/* ---- Figures at a glance ------------------------------------------------ */

/* Nothing where the source lacks the figure. */
function tileOf(label, figure, detail, values) {
	if (figure.classList.contains("unknown"))
		return null;
	return element("div.tile", element("div.label", label), element("div.number", figure),
		element("div.detail", ...detail), values ? sparkline(greatest(values, 60)) : null);
}

function tilesOf(run) {
	const levels = run.pictures.levels;
	const figure = (path, format) => figureOf(run, path, format);
	const zip = (make) => levels.seq.map((unused, i) => make(i));
	const difference = (a, b) => (a === null || b === null ? null : a - b);
	/* Some sources have pauses, but not the cycles they belong to. */
	const cycles = run.quality.cycles > 0 ? "quality.cycles" : "pauses.n";
	const rate = run.quality.cycles > 1 && run.pictures.has_time && levels.at[levels.at.length - 1] > 0
		? run.quality.cycles / levels.at[levels.at.length - 1] : null;

	return element("div.tiles",
		tileOf("Resident at most", figure("trends.resident_bytes.last", formatBytes),
			["peak ", figure("trends.resident_bytes.max", formatBytes)], levels.resident_bytes),
		tileOf("In objects", figure("trends.heap_alloc_bytes.last", formatBytes),
			["peak ", figure("trends.heap_alloc_bytes.max", formatBytes)], levels.heap_alloc_bytes),
		tileOf("Fragmentation", figure("trends.fragmentation_ratio.last", formatPercent),
			[figure("trends.fragmentation_bytes.last", formatBytes), " without an object"],
			zip((i) => difference(levels.heap_inuse_bytes[i], levels.heap_alloc_bytes[i]))),
		tileOf("Retained idle", figure("trends.retained_bytes.last", formatBytes),
			[figure("trends.retained_ratio.last", formatPercent), " of the heap"],
			zip((i) => difference(difference(levels.heap_sys_bytes[i], levels.heap_inuse_bytes[i]),
				levels.heap_released_bytes[i]))),
		tileOf("Pause at p99", figure("pauses.p99_ns", formatDuration),
			["median ", figure("pauses.p50_ns", formatDuration), ", worst ",
				figure("pauses.max_ns", formatDuration)], run.pictures.pauses.pause_ns),
		tileOf("Collections", figure(cycles, formatCount),
			rate === null ? ["recorded"] : [`${rate.toFixed(1)} a second`], null));
}

/* ---- Where every byte is ------------------------------------------------ */

const ACCOUNT_COLOURS = {
	objects: "objects", free_slots: "unused", tail_waste: "tail", unused: "unused", retained: "retained",
	released: "released", stack_spans: "stacks", thread_stacks: "stacks",
};

function isLeaf(accounts, i) {
	return i + 1 === accounts.length || accounts[i + 1].depth <= accounts[i].depth;
}

function accountColour(account) {
	return `var(--${ACCOUNT_COLOURS[account.key] || "other"})`;
}

/* All leaves side by side, as wide as their bytes. */
function accountBar(run) {
	const bar = element("div.account-bar");

	run.accounting.forEach((account, i) => {
		if (!isLeaf(run.accounting, i) || !(account.bytes > 0))
			return;
		const part = element("div.part");

		part.style.flexGrow = account.bytes;
		part.style.background = accountColour(account);
		part.title = `${account.label}: ${formatBytes(account.bytes)}`;
		bar.append(part);
	});
	return bar;
}

function accountRow(run, i) {
	const account = run.accounting[i];
	const total = run.accounting[0].bytes;
	const share = isKnown(account.bytes) && total > 0 ? account.bytes / total : null;
	const bar = element("div.bar");
	const row = element("tr" + (isLeaf(run.accounting, i) ? ".leaf" : ".sum"));

	bar.style.width = Math.max(0, Math.min(1, share || 0)) * 100 + "%";
	if (isLeaf(run.accounting, i))
		bar.style.background = accountColour(account);
	const name = element("th", account.label, account.resident ? null
		: element("span.aside", " not resident"));
	name.scope = "row";
	name.style.setProperty("--depth", account.depth);
	return add(row, [name,
		element("td.exact", figureOf(run, `accounting.${i}.bytes`, formatCount)),
		element("td", figureOf(run, `accounting.${i}.bytes`, formatBytes)),
		element("td.share", share === null ? "" : formatPercent(share)),
		element("td.bar-cell", bar)]);
}

function accountsOf(run) {
	const snapshot = run.snapshot;

	if (run.quality.source !== null && !isKnown(run.accounting[0].bytes))
		return section("Where every byte is", element("p.note", "Not in this source: a trace tells how"
			+ " much was live, not where the bytes are."));
	return section("Where every byte is", isKnown(run.accounting[0] && run.accounting[0].bytes)
		? accountBar(run) : element("p.note", "The source lacks these figures or some of them."),
		scrolling(element("table.accounts", element("tbody",
			...run.accounting.map((unused, i) => accountRow(run, i))))),
		element("p.note", "Rows below a row add up to it",
			snapshot.seq === null ? "" : `; snapshot ${snapshot.seq}`, ". Resident at most: ",
			figureOf(run, "resident_bytes", formatBytes), ", all but what is released."));
}

/* ---- Over time ---------------------------------------------------------- */

function momentName(run) {
	const levels = run.pictures.levels;

	return (what, row) => {
		const at = what.rows[row][0];
		const gcNum = what.gcNum ? what.gcNum[row] : levels.gc_num[row];
		const parts = [what.gcNum ? null : `snapshot ${levels.seq[row]}`,
			gcNum === null ? null : `gc ${gcNum}`];

		if (run.pictures.has_time) {
			parts.push(formatDuration(at * 1e9) + " after the first");
			if (run.start_unix_ns !== null && run.snapshot.unix_ns !== null)
				parts.push(formatTime(run.pictures.first_unix_ns + at * 1e9).slice(11));
		}
		return parts.filter((part) => part !== null).join(" · ");
	};
}

/* Of how many rows the charts show how many. */
function thinningNote(shown, all, what, rule) {
	return shown < all ? element("p.note", `Drawn: ${formatCount(shown)} of ${formatCount(all)} ${what}, ${rule}.`
		+ " The figures above and below are of all.") : null;
}

function trendsOf(run) {
	const names = [
		["heap_alloc_bytes", "in objects", formatBytes], ["heap_inuse_bytes", "in spans", formatBytes],
		["fragmentation_bytes", "fragmentation", formatBytes],
		["fragmentation_ratio", "fragmentation ratio", formatPercent],
		["retained_bytes", "retained idle", formatBytes], ["retained_ratio", "retained ratio", formatPercent],
		["resident_bytes", "resident at most", formatBytes],
		["heap_marked_bytes", "live at the end of marking", formatBytes],
	].filter(([key]) => key === "heap_marked_bytes" ? !isKnown(run.trends.heap_alloc_bytes.max)
		: run.quality.source === null || isKnown(run.trends[key].max));

	return tableOf(["", "first", "last", "least", "most"], names.map(([key, label, format]) =>
		[label, ...["first", "last", "min", "max"].map((end) => figureOf(run, `trends.${key}.${end}`, format))]));
}

/* Whether two rows at least have a value, or there is nothing to draw. */
function hasCurve(what) {
	return what.rows.filter((row) => row.slice(1).some(isKnown)).length > 1;
}

function historyOf(run, charts, timeWindow) {
	const reset = element("button.reset", "Show all");
	const heapCharts = isKnown(run.trends.heap_alloc_bytes.max)
		? [heapChart(run, run.pictures), shareChart(run, run.pictures)] : [markedChart(run, run.pictures)];
	const drawn = heapCharts.filter(hasCurve)
		.map((what) => new TimeChart(what, timeWindow, momentName(run)));

	charts.push(...drawn);
	reset.addEventListener("click", () => timeWindow.reset());
	return section("Over the run", drawn.length > 0 ? element("p.hint-line",
		"Drag across a chart to look closer, double-click to see all. ",
		run.pictures.has_time ? null : "The axis counts collections: the source has no times. ", reset)
		: element("p.note", run.quality.snapshots > 1 ? "The source does not tell how the heap went."
			: "There is one snapshot, so no history."),
	...drawn.map((chart) => chart.element), trendsOf(run),
		thinningNote(run.pictures.levels.seq.length, run.quality.snapshots, "snapshots",
			"of each share of the time the extremes and two at fixed places"));
}

/* ---- Pauses ------------------------------------------------------------- */

function pauseFigures(run) {
	const figure = (key, format) => figureOf(run, "pauses." + key, format);
	const pauses = run.pauses;
	const phases = tableOf(["stopped for", "times", "in all", "longest", "longest until the threads stood"],
		pauses.phases.map((phase, i) => [visible(phase.phase),
			figure(`phases.${i}.n`, formatCount), figure(`phases.${i}.total_ns`, formatDuration),
			figure(`phases.${i}.max_ns`, formatDuration), figure(`phases.${i}.stop_max_ns`, formatDuration)]));
	const facts = element("dl.facts", ...[
		["pauses", figure("n", formatCount)], ["shortest", figure("min_ns", formatDuration)],
		["mean", figure("mean_ns", formatDuration)], ["p50", figure("p50_ns", formatDuration)],
		["p90", figure("p90_ns", formatDuration)], ["p99", figure("p99_ns", formatDuration)],
		["longest", figure("max_ns", formatDuration)], ["in all", figure("total_ns", formatDuration)],
		["trend a cycle", figure("slope_ns_per_gc", formatDuration)],
		["R²", figure("r2", (value) => (isKnown(value) ? value.toFixed(3) : UNKNOWN))],
		["worst at gc", figure("worst.gc_num", formatCount)],
	].map(([name, value]) => element("div", element("dt", name), element("dd", value))));

	return [facts, pauses.phases.length > 0 ? phases : null];
}

function pausesOf(run, charts, timeWindow) {
	const made = section("Pauses");

	if (run.pauses.n === 0)
		return add(made, [element("p", "None recorded.")]);
	const what = pauseChart(run, run.pictures);
	if (hasCurve(what)) {
		const chart = new TimeChart(what, timeWindow, momentName(run));

		charts.push(chart);
		made.append(chart.element);
	}
	if (run.pictures.histogram.n.some((count) => count > 0)) {
		const chart = new Histogram(run);

		charts.push(chart);
		made.append(chart.element);
	}
	return add(made, [...pauseFigures(run), element("p.note", "The time to stop the threads is included; "
		+ "stops for taking snapshots count in no other figure than their own row."),
	thinningNote(run.pictures.pauses.gc_num.length, run.pauses.n, "pauses",
		"of each share of the cycles the longest, the shortest and two at fixed places")]);
}

/* ---- Size classes and spans --------------------------------------------- */

function classRow(run, i) {
	const one = run.classes[i];
	const figure = (key, format) => figureOf(run, `classes.${i}.${key}`, format);
	const age = one.half_empty_age_gc === null ? "–" : element("span",
		figure("half_empty_age_gc", formatCount), " / ", figure("half_empty_age_gc_max", formatCount));

	return [one.class === 0 ? element("span", "large, up to ", figure("size_bytes", formatCount))
		: figure("size_bytes", formatCount), figure("spans", formatCount),
	figure("span_bytes", formatBytes), figure("occupancy_ratio", formatPercent),
	figure("free_slot_bytes", formatBytes), figure("tail_bytes", formatBytes),
	tenthsChart(one.spans_by_tenth), age];
}

function classTable(run) {
	const headings = ["size", "spans", "bytes", "full", "free slots", "tail", "spans 0 … 100 % full", "half empty: age"];
	const shown = 10;
	const rows = run.classes.map((unused, i) => classRow(run, i));
	const made = element("div", tableOf(headings, rows.slice(0, shown)));

	made.className = "classes";
	if (rows.length > shown)
		made.append(element("details", element("summary", `${rows.length - shown} other classes waste less`),
			tableOf(headings, rows.slice(shown))));
	return made;
}

function classesOf(run, charts, timeWindow) {
	const made = section("Size classes");

	if (run.pictures.classes.rows.length > 0 && run.pictures.classes.at.length > 1) {
		const map = new HeatMap(run, timeWindow);

		charts.push(map);
		made.append(element("h3", "Occupancy over time"), map.element);
		add(made, [thinningNote(run.pictures.classes.seq.length, run.quality.snapshots, "snapshots",
			"evenly spaced")]);
	}
	if (run.classes === null)
		return add(made, [element("p.note", run.quality.source === null
			? "Spans were not recorded one by one." : "Spans are not in this source."),
		run.live_classes.length > 0 ? tableOf(["size", "objects", "bytes in objects"],
			run.live_classes.map((unused, i) => [
				figureOf(run, `live_classes.${i}.size_bytes`, formatCount),
				figureOf(run, `live_classes.${i}.objects`, formatCount),
				figureOf(run, `live_classes.${i}.bytes`, formatBytes)])) : null]);
	return add(made, [element("h3", "Worst classes"), classTable(run),
		element("p.note", "By bytes in their spans without an object. Age: in cycles, of spans less than "
			+ "half full, median / oldest.")]);
}

/* Nothing where nobody looked for any. */
function leaksOf(run) {
	if (run.leaks === null)
		return null;
	const figure = (key, format) => figureOf(run, `leaks.${key}`, format);
	const rows = run.leaks.classes.map((one, i) => [
		one.size_bytes === null ? "large" : figure(`classes.${i}.size_bytes`, formatCount),
		figure(`classes.${i}.blocks`, formatCount), figure(`classes.${i}.indirect_blocks`, formatCount),
		figure(`classes.${i}.bytes`, formatBytes)]);

	return add(section("Blocks that nothing points to"), [
		element("p", figure("bytes", formatBytes), " in ", figure("blocks", formatCount), " blocks",
			run.leaks.threads_unknown > 0 ? "; the stacks of some threads were not looked through." : "."),
		rows.length > 0 ? tableOf(["size", "blocks", "indirect", "bytes"], rows) : null,
		run.leaks.indirect_blocks > 0 ? element("p.note", "Indirect: another lost block leads there, ",
			figure("indirect_bytes", formatBytes), " in ", figure("indirect_blocks", formatCount), " blocks.") : null,
		run.leaks.mapped_bytes === null && run.leaks.blocks > 0 ? element("p.note",
			"Memory that the program mapped itself was not looked through.") : null]);
}

function mapOf(run, charts) {
	const map = run.pictures.map;

	if (map === null || map.cells.length === 0)
		return null;
	charts.push(new SpanMap(run));
	return section("Map of the spans",
		element("p.note", figureOf(run, "spans.inuse", formatCount), " spans in use, ",
			figureOf(run, "spans.idle_ranges", formatCount), " idle ranges, ",
			figureOf(run, "spans.stack", formatCount), " stacks, by address. A cell is ",
			map.cell_pages === 1 ? "one page (8 KiB)"
				: `${formatCount(map.cell_pages)} pages (${formatBytes(map.cell_pages * 8192)})`,
			map.gaps > 0 ? `; ${formatCount(map.gaps)} gap${map.gaps === 1 ? "" : "s"} between spans left out` : "",
			"."),
		charts[charts.length - 1].element,
		element("p.note", "Addresses rise from left to right and from row to row."));
}

/* ---- How far to trust it, and what next --------------------------------- */

function qualityOf(run, page) {
	const quality = run.quality;
	const figure = (key, format) => figureOf(run, "quality." + key, format);
	const holds = quality.broken_identities === 0;
	const isRecording = quality.source === null;
	const facts = [
		[isRecording ? "recording" : "text", quality.complete ? "complete"
			: quality.damaged ? "damaged" : isRecording ? "torn end" : "breaks off"],
		["snapshots", figure("snapshots", formatCount)],
		["bytes read", figure("bytes", formatBytes)],
		...(isRecording ? [
			["skipped while recording", figure("skipped", formatCount)],
			["bytes passed over", figure("bytes_skipped", formatBytes)],
			["tracking mode", visible(quality.tracking || UNKNOWN) + (quality.tracking_why
				? ` (${visible(quality.tracking_why)})` : "")],
			["format", visible(quality.format_version || UNKNOWN)],
		] : [
			["what it holds", visible(quality.source)],
			["not in this source", visible(quality.not_in_source)],
		]),
		["accounting identities", element("span", figure("identities", formatCount),
			holds ? ", all hold" : ", broken: ", holds ? null : figure("broken_identities", formatCount))],
		["run", visible(run.uuid || UNKNOWN)],
	];
	const made = section("How far to trust it", element("dl.facts",
		...facts.map(([name, value]) => element("div", element("dt", name), element("dd", value)))));

	if (quality.first_issues.length > 0)
		made.append(element("h3", `Issues found on reading: ${formatCount(quality.issues)}`),
			element("div.texts", tableOf(["severity", "at byte", "what"], quality.first_issues.map((issue) =>
				[visible(issue.severity), issue.byte_offset === null ? "–" : formatCount(issue.byte_offset),
					prose(issue.message)]))));
	return add(made, [page.runs_left_out > 0 ? element("p.note",
		`${formatCount(page.runs_left_out)} earlier runs are not on this page.`) : null]);
}

function nextOf(run, page) {
	return run.next ? section("What to run next", commandBox(sqlCommand(page, run.next))) : null;
}

/* ---- The whole ---------------------------------------------------------- */

/* Gives every row its place on the axis: seconds, or cycles where there is no clock. */
function placeRows(pictures) {
	const rising = (column) => {
		let most = -Infinity;

		return column.map((at) => {
			most = at === null ? most : Math.max(most, at);
			return most === -Infinity ? 0 : most;
		});
	};
	const cycles = pictures.levels.gc_num.every((gc) => gc !== null);

	for (const part of [pictures.levels, pictures.classes])
		part.at = rising(pictures.has_time ? part.at_s : cycles ? part.gc_num : part.seq);
	pictures.pauses.at = pictures.has_time ? pictures.pauses.at_s : pictures.pauses.gc_num;
	pictures.axis = pictures.has_time ? "time since the first snapshot"
		: cycles ? "collection cycle" : "snapshot";
}

function readRun(script) {
	const run = JSON.parse(script.textContent);
	const levels = run.pictures.levels;

	placeRows(run.pictures);
	/* The charts count from the first snapshot. */
	run.pictures.first_unix_ns = run.snapshot.unix_ns;
	const row = levels.seq.lastIndexOf(run.snapshot.seq);
	if (row >= 0 && run.snapshot.unix_ns !== null)
		run.pictures.first_unix_ns -= levels.at[row] * 1e9;
	return run;
}

/* All snapshots, and the pauses around them; not those that a broken clock puts far away. */
function windowOf(pictures) {
	const extent = (moments) => [moments.reduce((a, b) => Math.min(a, b), Infinity),
		moments.reduce((a, b) => Math.max(a, b), -Infinity)];
	const pauses = pictures.pauses.at.filter((at) => at !== null);
	const [first, last] = extent(pictures.levels.at);

	if (!(last > first))
		return new TimeWindow(...extent(pictures.levels.at.concat(pauses)));
	return new TimeWindow(...extent([first, last].concat(pauses.filter((at) =>
		at > first - (last - first) && at < last + (last - first)))));
}

function showRun(run, page, picker) {
	const charts = [];
	const timeWindow = windowOf(run.pictures);

	document.title = `${visible(run.exe || "unnamed program")}: memory report`;
	document.getElementById("page").replaceChildren(...[
		headOf(run, page, picker), verdictOf(run, page), tilesOf(run), accountsOf(run),
		historyOf(run, charts, timeWindow), pausesOf(run, charts, timeWindow),
		classesOf(run, charts, timeWindow), leaksOf(run), mapOf(run, charts), qualityOf(run, page), nextOf(run, page),
		element("footer", "Made by memanalyze. This page holds all that it shows and asks the network for nothing."),
	].filter((part) => part !== null));
	for (const chart of charts)
		chart.draw();
	return charts;
}

/* How a run is listed: how it is, who it was, when. */
function runName(run, i) {
	const parts = [visible(run.exe || "unnamed program"),
		run.start_unix_ns === null ? null : formatTime(run.start_unix_ns)];

	return `${SEVERITY_SIGNS[run.severity] || "·"} run ${i + 1}: ${parts.filter(Boolean).join(", ")}`;
}

function pickerOf(scripts, show) {
	if (scripts.length < 2)
		return null;
	const select = element("select", ...scripts.map((script, i) => element("option",
		runName(JSON.parse(script.textContent), i))));

	select.setAttribute("aria-label", "Run");
	select.selectedIndex = scripts.length - 1;
	select.addEventListener("change", () => show(select.selectedIndex));
	return select;
}

function start() {
	const page = JSON.parse(document.querySelector("script.page-data").textContent);
	const scripts = [...document.querySelectorAll("script.run-data")];
	const redraw = () => charts.forEach((chart) => chart.redraw());
	const show = (i) => {
		charts = showRun(readRun(scripts[i]), page, picker);
	};
	let charts = [];
	let width = window.innerWidth;
	let thaw = () => {};
	const picker = pickerOf(scripts, show);

	if (scripts.length === 0) {
		document.getElementById("page").append(element("p", "No run has a snapshot."));
		return;
	}
	show(scripts.length - 1);
	window.addEventListener("scroll", hideHint, {passive: true});
	window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
	window.addEventListener("resize", () => {
		if (window.innerWidth !== width)
			redraw();
		width = window.innerWidth;
	});
	/* Paper is white and narrow. */
	window.addEventListener("beforeprint", () => {
		thaw();
		document.documentElement.dataset.print = "";
		redraw();
		thaw = freezeCanvases();
	});
	window.addEventListener("afterprint", () => {
		thaw();
		delete document.documentElement.dataset.print;
		redraw();
	});
}

start();
