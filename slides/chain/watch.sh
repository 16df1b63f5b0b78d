#!/bin/sh
# watch.sh - makes the slides anew at every save. In the browser, reload the page: it stays
# at its slide.
set -u

cd "$(dirname "$0")/../.." || exit 1
while :; do
  if make slides; then
    echo "$(date +%H:%M:%S) The slides are made; reload the page. Ctrl-C ends."
  fi
  inotifywait --quiet --quiet --recursive --event close_write,moved_to,delete \
    slides solutions labs grader/mutants || exit 1
done
