#!/bin/sh
# pdf.sh DECK.html FILE.pdf slides|handout - prints a deck with Chromium.
#
# Slides: a page each. Handout: A4, with the speaker's notes under the slides.
set -eu

command -v chromium > /dev/null || {
  echo "The PDFs need chromium: ./setup installs it." >&2
  exit 1
}
mkdir -p "$(dirname "$2")"
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
trap 'exit 130' INT TERM
sandbox=''
[ "$(id -u)" -ne 0 ] || sandbox=--no-sandbox # root's Chromium refuses to start with it

# Chromium leaves folders in $TMPDIR.
# shellcheck disable=SC2086  # empty, or an option
TMPDIR=$profile chromium --headless $sandbox --disable-gpu --user-data-dir="$profile" --no-first-run \
  --disable-background-networking --disable-component-update --no-pdf-header-footer \
  --generate-pdf-document-outline --print-to-pdf="$2" \
  "file://$(realpath "$1")?theme=light&print=$3" 2> "$profile/messages" || {
  cat "$profile/messages" >&2
  exit 1
}
# The date of printing is the only thing that differs from run to run.
LC_ALL=C sed -i -E 's#/(CreationDate|ModDate) \(D:[0-9]{14}#/\1 (D:20000101000000#' "$2"
