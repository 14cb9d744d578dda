"""report_page.py CHROMIUM MEMANALYZE MAKE_RECORDING - the report as a page in a browser:
it asks the network for nothing, reports no error, shows the figures of the JSON report, lets no
text of a recording become markup, and bears being used and printed."""
import json
import os
import re
import subprocess
import sys
import tempfile
import unittest
from html.parser import HTMLParser

chromium, memanalyze, make_recording = sys.argv[1:4]

TESTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
sys.path.insert(0, os.path.join(TESTS, "support"))
import hostile  # pylint: disable=wrong-import-position

# The hostile name as the page shows it.
SHOWN = hostile.NAME.replace("\u202e", "\\u202e").replace("\u2028", "\\u2028").replace("\x1b", "\\x1b")

# Up to here the numbers of JavaScript are exact.
EXACT_MAX = 2 ** 53 - 1

# What a user does, as a script of its own behind the page's; failures go to the console.
USE = """
<script>
"use strict";
function assert(holds, what) {
	if (!holds)
		throw new Error(what);
}
function pointer(target, type, share) {
	const box = target.getBoundingClientRect();

	target.dispatchEvent(new PointerEvent(type, {bubbles: true, clientX: box.left + box.width * share,
		clientY: box.top + box.height / 2, pointerType: "mouse"}));
}
function mouse(target, type, share) {
	const box = target.getBoundingClientRect();

	target.dispatchEvent(new MouseEvent(type, {bubbles: true, cancelable: true, button: 0, detail: 1,
		view: window, clientX: box.left + box.width * share, clientY: box.top + box.height / 2,
		screenX: box.left + box.width * share, screenY: box.top + box.height / 2}));
}
const resets = [...document.querySelectorAll("button.reset")];
const shownResets = () => resets.filter((button) => getComputedStyle(button).visibility === "visible");

for (const chart of document.querySelectorAll(".plot")) {
	const plot = chart.querySelectorAll("canvas")[1];

	assert(chart.previousElementSibling.matches(".axis-name.y") && chart.previousElementSibling.textContent
		&& chart.nextElementSibling.matches(".axis-name.x") && chart.nextElementSibling.textContent,
	"an axis without a name");
	assert(shownResets().length === 0, "a button for what is not zoomed");

	for (const share of [0.2, 0.5, 0.8])
		mouse(plot, "mousemove", share);
	mouse(plot, "mousedown", 0.3);
	mouse(plot, "mousemove", 0.5);
	mouse(plot, "mousemove", 0.6);
	mouse(plot, "mouseup", 0.6);
	assert(document.body.classList.contains("zoomed"), "dragging did not zoom");
	assert(shownResets().length === resets.length, "no button that shows all");
	mouse(plot, "dblclick", 0.5);
	assert(!document.body.classList.contains("zoomed"), "a double click did not show all");
}
for (const canvas of document.querySelectorAll(".chart > canvas")) {
	let hinted = false;

	for (const share of [0, 0.2, 0.5, 0.9, 1]) {
		pointer(canvas, "pointermove", share);
		hinted = hinted || !document.getElementById("hint").hidden;
	}
	assert(hinted, "no hint");
	pointer(canvas, "pointerleave", 0.5);
	assert(document.getElementById("hint").hidden, "the hint stays");
}
for (const details of document.querySelectorAll("details"))
	details.open = true;
for (const select of document.querySelectorAll("select"))
	for (let i = 0; i < select.options.length; i++) {
		select.selectedIndex = i;
		select.dispatchEvent(new Event("change"));
	}
window.dispatchEvent(new Event("beforeprint"));
for (const chart of document.querySelectorAll(".plot"))
	assert(chart.clientWidth > 600, "a chart is not as wide as the paper: " + chart.clientWidth);
assert(document.querySelectorAll(".frozen").length === document.querySelectorAll(".chart canvas").length,
	"a canvas was not frozen for paper");
window.dispatchEvent(new Event("afterprint"));
assert(document.querySelectorAll(".frozen").length === 0, "an image stays after printing");
window.dispatchEvent(new Event("resize"));
assert(document.documentElement.scrollWidth <= window.innerWidth, "wider than the window: "
	+ document.documentElement.scrollWidth);
document.body.dataset.used = "yes";
</script>
"""


# The page in a frame as wide as a phone, which is narrower than any window of this browser.
PHONE_WIDTH = 360
PHONE = """<!DOCTYPE html><title>phone</title><body style="margin: 0">
<iframe src="content.html" style="border: 0; width: %dpx; height: 700px"></iframe>
<script>
"use strict";
addEventListener("load", () => {
	const frame = document.querySelector("iframe");
	const page = frame.contentDocument;
	const wrong = [];
	const expect = (holds, what) => holds || wrong.push(what);

	expect(page.documentElement.scrollWidth <= frame.clientWidth, "it scrolls sideways");
	for (const plot of page.querySelectorAll(".plot, .chart > canvas, .histogram"))
		expect(plot.getBoundingClientRect().width > 300, "a chart is small");
	for (const text of page.querySelectorAll("p, td, th, dt, dd, text, .legend, .axis-name")) {
		const size = parseFloat(frame.contentWindow.getComputedStyle(text).fontSize);

		expect(size >= 12 || text.closest("details"), `${text.tagName} of ${size} px`);
	}
	for (const table of page.querySelectorAll("table")) {
		expect(table.scrollWidth <= table.parentElement.clientWidth
			|| frame.contentWindow.getComputedStyle(table.parentElement).overflowX === "auto",
		"a table that cannot be moved");
	}
	for (const finding of page.querySelectorAll(".finding p"))
		expect(finding.getBoundingClientRect().right <= frame.clientWidth, "a verdict is cut off");
	document.body.textContent = "memory report " + JSON.stringify([...new Set(wrong)]);
});
</script>"""


class Figures(HTMLParser):
    """The figures of a page as a browser has it: their place, value and text; and its text."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.figures = []
        self.scripts = 0
        self.text = ""
        self.body = {}
        self.title = ""
        self.inside = None
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.scripts += tag == "script"
        self.inside = tag
        if tag == "body":
            self.body = attributes
        if "data-key" in attributes:
            self.figures.append([attributes["data-key"], json.loads(attributes["data-value"]), None])
            self.inside = "figure"

    def handle_endtag(self, tag):
        self.inside = None

    def handle_data(self, data):
        if self.inside == "figure":
            self.figures[-1][2] = data
        if self.inside == "title" and not self.body:
            self.title += data
        if self.inside not in ("script", "style", "title"):
            self.text += data


def report(*arguments):
    done = subprocess.run([memanalyze, "report", *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, env={**os.environ, "LC_ALL": "C.UTF-8"}, check=False)
    if done.returncode not in (0, 4):
        raise AssertionError(f"exit {done.returncode}: {done.stderr.decode()}")
    return done.stdout.decode()


def at(data, path):
    for key in path.split("."):
        data = data[int(key)] if isinstance(data, list) else data[key]
    return data


def count(value):
    if value is not None and abs(value) > EXACT_MAX:
        return "≈ " + f"{float(value):#.15g}"
    return "unknown" if value is None else f"{round(value):,}"


class ReportPageInABrowser(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.recording = self.path("good.zst")
        subprocess.run([make_recording, self.recording, "1", "40", "400"], check=True)

    def tearDown(self):
        self.folder.cleanup()

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def load(self, database):
        subprocess.run([memanalyze, "load", self.recording, "-o", database], check=True,
                       stderr=subprocess.DEVNULL)

    def open(self, page, *arguments, behind=""):
        """Opens the page; returns what the browser made of it, after holding it to silence."""
        file, log = self.path("page.html"), self.path("net.json")
        with open(file, "w", encoding="utf-8") as out:
            out.write(page.replace("</body>", behind + "</body>"))
        done = subprocess.run(
            [chromium, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--disable-default-apps", "--disable-extensions", f"--user-data-dir={self.path('profile')}",
             "--host-resolver-rules=MAP * ~NOTFOUND", "--enable-logging=stderr", "--v=0",
             f"--log-net-log={log}", "--virtual-time-budget=5000", *arguments, "--dump-dom",
             "file://" + file],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120, check=False)
        console = [line for line in done.stderr.decode(errors="replace").splitlines() if "CONSOLE" in line]
        self.assertEqual(console, [])
        self.assertEqual(done.returncode, 0)
        with open(log, encoding="utf-8") as net:
            asked = set(re.findall(r'"url":"([^"]*)"', net.read()))
        # The browser's own errands (updates, variations) do not come from the page.
        initiated = {url for url in asked if not re.match(r"(file|data|chrome|about|devtools)[:-]", url)
                     and not re.search(r"//[^/]*(google|gvt1|chrome)[^/]*/", url)}
        self.assertEqual(initiated, set())
        shown = Figures(done.stdout.decode())
        self.assertIn("memory report", shown.text)
        return shown

    def assert_figures(self, shown, run):
        self.assertGreater(len(shown.figures), 60)
        for key, value, text in shown.figures:
            expected = at(run, key)
            if isinstance(expected, int) and abs(expected) > EXACT_MAX:
                value, expected = float(value), float(expected)
            self.assertEqual(value, expected, key)
            if expected is None:
                self.assertEqual(text, "unknown", key)
        exact = {key: text for key, value, text in reversed(shown.figures)}
        for i, account in enumerate(run["accounting"]):
            self.assertEqual(exact[f"accounting.{i}.bytes"], count(account["bytes"]))
        self.assertEqual(exact["pauses.n"], count(run["pauses"]["n"]))
        for key in ("snapshots", "identities"):
            self.assertEqual(exact["quality." + key], count(run["quality"][key]))
        for i, one in enumerate(run["classes"] or []):
            self.assertEqual(exact[f"classes.{i}.spans"], count(one["spans"]))
        for sentence in run["verdict"]:
            self.assertIn(re.sub(r"(\d) us\b", "\\1 µs", sentence), shown.text)

    def test_figures_are_those_of_the_json_report(self):
        shown = self.open(report("--format", "html", self.recording))
        self.assert_figures(shown, json.loads(report("--format", "json", self.recording))["runs"][0])

    def test_it_reads_as_the_text_report(self):
        """Rounded figures have the text report's digits."""
        shown = self.open(report("--format", "html", self.recording))
        text = re.sub(r"(\d) us\b", "\\1 µs", report(self.recording))
        last = {key: text for key, value, text in shown.figures}
        for key in ("trends.heap_inuse_bytes.last", "trends.fragmentation_ratio.last",
                    "trends.retained_bytes.max", "pauses.p99_ns", "pauses.max_ns"):
            self.assertRegex(text, r"(^|\s)" + re.escape(last[key]) + r"($|\s|[.;,])", key)

    def test_hostile_names_are_text(self):
        database = self.path("hostile.db")
        self.load(database)
        hostile.rename(database)
        plain = self.open(report("--format", "html", self.recording))
        shown = self.open(report("--format", "html", database), behind=USE)
        self.assertEqual(shown.title, SHOWN + ": memory report")
        self.assertEqual(shown.body.get("data-used"), "yes")
        self.assertEqual(shown.scripts, plain.scripts + 1)
        self.assertGreaterEqual(shown.text.count(SHOWN), 6)
        self.assert_figures(shown, json.loads(report("--format", "json", database))["runs"][0])

    def test_figures_that_cannot_be_neither_hang_it_nor_break_it(self):
        for extreme in (2 ** 50, -2 ** 50):
            database = self.path(f"extreme{extreme}.db")
            self.load(database)
            hostile.distort(database, extreme)
            shown = self.open(report("--format", "html", database), behind=USE)
            self.assertEqual(shown.body.get("data-used"), "yes")
            self.assert_figures(shown, json.loads(report("--format", "json", database))["runs"][0])

    def test_it_can_be_used_on_screens_of_any_size(self):
        recording = self.path("three.zst")
        subprocess.run([make_recording, recording, "3", "12", "60"], check=True)
        page = report("--format", "html", recording)
        for size, scheme in (("1280,900", 1), ("500,800", 0)):
            shown = self.open(page, f"--window-size={size}",
                              f"--blink-settings=preferredColorScheme={scheme}", behind=USE)
            self.assertEqual(shown.body.get("data-used"), "yes")

    def test_it_can_be_read_on_a_phone(self):
        with open(self.path("content.html"), "w", encoding="utf-8") as out:
            out.write(report("--format", "html", self.recording))
        shown = self.open(PHONE % PHONE_WIDTH, "--allow-file-access-from-files")
        self.assertIn("memory report []", shown.text)

    def test_what_the_source_lacks_is_left_out(self):
        golden = os.path.join(TESTS, "golden", "go1.19")
        for name in sorted(os.listdir(golden)):
            source = os.path.join(golden, name)
            with self.subTest(name):
                shown = self.open(report("--format", "html", source), behind=USE)
                self.assertEqual(shown.body.get("data-used"), "yes")
                run = json.loads(report("--format", "json", source))["runs"][-1]
                for key, value, text in shown.figures:
                    self.assertEqual(value, at(run, key), key)
                self.assertNotIn("NaN", shown.text)
                self.assertNotIn("undefined", shown.text)

    def test_lost_blocks_are_those_of_the_json_report(self):
        """Of 1.1 nobody knows which are lost indirectly, nor whether mapped memory was looked through."""
        for version, indirect, doubt in (("1.1", "unknown", True), ("1.2", "902", False)):
            golden = os.path.join(TESTS, "golden", f"v{version}.zst")
            shown = self.open(report("--format", "html", golden), behind=USE)
            self.assertEqual(shown.body.get("data-used"), "yes")
            run = json.loads(report("--format", "json", golden))["runs"][-1]
            lost = {key: text for key, value, text in shown.figures if key.startswith("leaks.")}
            for key, value, _ in shown.figures:
                if key.startswith("leaks."):
                    self.assertEqual(value, at(run, key), key)
            self.assertEqual(lost["leaks.blocks"], count(run["leaks"]["blocks"]))
            small = [one["class"] for one in run["leaks"]["classes"]].index(5)
            self.assertEqual(lost[f"leaks.classes.{small}.indirect_blocks"], indirect)
            self.assertEqual("leaks.indirect_bytes" in lost, not doubt)
            self.assertEqual("mapped itself was not looked through." in shown.text, doubt)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
