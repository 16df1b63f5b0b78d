#!/bin/sh
# watch.sh LAB - checks a lab now, and again each time one of its files is saved.
set -eu

build=${SHMLAB_BUILD:-build}
labs=${SHMLAB_SOURCES:-labs}
files=$("$build/shmlab" files "$1")
directory=$labs/$(dirname "$(echo "$files" | head -n 1)")

if ! command -v inotifywait > /dev/null; then
  echo "make watch needs inotifywait. Type ./setup to install it." >&2
  exit 1
fi

export SHMLAB_WATCH=1 # what to do next is to save, not to type

check() {
  if [ -t 1 ]; then
    printf '\033[H\033[2J'
  fi
  "$build/shmlab" lab "$1" || true
  echo
  echo "Waiting for the next save in $directory. Ctrl-C ends."
}

# Editors write a file in place, or put a new one over it.  What is saved during a check
# waits in the pipe.
inotifywait --quiet --monitor --event close_write,moved_to --format %f "$directory" | {
  check "$1"
  while read -r name; do
    for file in $files; do
      if [ "$name" = "$(basename "$file")" ]; then
        check "$1"
      fi
    done
  done
}
