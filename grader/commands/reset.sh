#!/bin/sh
# reset.sh LAB - puts the skeleton of a lab back, and keeps the student's file beside
# it as NAME.mine-1, NAME.mine-2 and so on.
set -eu

build=${SHMLAB_BUILD:-build}
labs=${SHMLAB_SOURCES:-labs}
files=$("$build/shmlab" files "$1")

for file in $files; do
  skeleton=$build/skeleton.c
  awk -v mode=skeleton -f grader/tools/skeleton.awk "solutions/$file" > "$skeleton"
  if cmp -s "$skeleton" "$labs/$file"; then
    echo "$labs/$file is the skeleton already."
  else
    if [ -e "$labs/$file" ]; then
      number=1
      while [ -e "$labs/$file.mine-$number" ]; do
        number=$((number + 1))
      done
      mv "$labs/$file" "$labs/$file.mine-$number"
      echo "Your file is kept as $labs/$file.mine-$number."
    fi
    cp "$skeleton" "$labs/$file"
    echo "$labs/$file is the skeleton again."
  fi
  rm -f "$skeleton"
done
