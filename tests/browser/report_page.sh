#!/bin/sh
# report_page.sh PYTHON MEMANALYZE MAKE_RECORDING - runs the tests of the page in the
# browser that is installed; 77 (skipped), saying so, where there is none.
set -eu
for browser in chromium chromium-browser google-chrome; do
	if command -v "$browser" >/dev/null; then
		exec "$1" "${0%.sh}.py" "$(command -v "$browser")" "$2" "$3"
	fi
done
echo "skipped: no Chromium is installed (Debian: chromium), the page was not opened in a browser"
exit 77
