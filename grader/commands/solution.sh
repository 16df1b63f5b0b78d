#!/bin/sh
# solution.sh LAB - shows the reference solution; and, where the student's own passes
# every check, how the two differ.
set -eu

build=${SHMLAB_BUILD:-build}
labs=${SHMLAB_SOURCES:-labs}
files=$("$build/shmlab" files "$1")
reference=$build/solution.c
trap 'rm -f "$reference"' EXIT

passes=no
if "$build/shmlab" lab "$1" > /dev/null 2>&1; then
  passes=yes
fi
for file in $files; do
  awk -v mode=solution -f grader/tools/skeleton.awk "solutions/$file" > "$reference"
  if [ "$passes" = no ]; then
    cat "$reference"
  elif diff -u --label "the reference" --label "$labs/$file" "$reference" "$labs/$file"; then
    echo "$labs/$file is the reference, to the letter."
  fi
done
if [ "$passes" = yes ]; then
  echo
  echo "Your solution passes every check. Lines with - are the reference's, lines with + are yours."
fi
