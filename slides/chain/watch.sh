#!/bin/sh
# watch.sh - makes the slides anew at every save. In the browser, reload the page: it stays
# at its slide.
set -u

cd "$(dirname "$0")/../.." || exit 1

build() {
  if make slides; then
    echo "$(date +%H:%M:%S) The slides are made; reload the page. Ctrl-C ends."
  fi
}

# It listens also while the slides are made: a save in the meantime is not lost.
{
  echo 'the first time'
  inotifywait --monitor --quiet --recursive --event close_write,moved_to,delete \
    slides solutions labs grader/mutants
} | while read -r _; do
  build
done
