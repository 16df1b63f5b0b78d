#!/bin/sh
# mutants.sh [LAB] - the kill matrix: every wrong program against every check.
#
# Builds and checks each mutant of grader/mutants/ and each right program, a few at a
# time.  Prints a line a mutant: its name, and a column a check ('X' where the check
# that its patch names failed, 'x' where another one did).  See grader/mutants/README.md
# for what counts as a failure.
set -u

cd "$(dirname "$0")/../.." || exit 1
labs=${1:-1 2 3 4 5}
work=$PWD/build/mutants
jobs=$(nproc)

# One submission in a build directory of its own:
#   check_one LAB PATH, where PATH is a patch, a right program, or a directory of lab 5
# Writes $work/LAB/NAME.json, the results, and prints nothing.
check_one() {
  lab=$1
  path=$2
  name=$(basename "$path")
  own=$work/lab$lab-$name.d
  rm -rf "$own"
  mkdir -p "$own/build" "$own/sources"
  for part in course checks checks.json plain; do
    ln -s "$PWD/build/$part" "$own/build/$part"
  done
  file=
  for file in $(build/shmlab files "$lab"); do
    mkdir -p "$own/sources/$(dirname "$file")"
    awk -v mode=solution -f grader/tools/skeleton.awk "solutions/$file" \
      > "$own/sources/$file"
  done
  # A mutant may start from a right program that is simpler than the reference.
  base=$(sed -n 's/^Base: *\([a-z0-9_]*\)$/\1/p' "$path" 2> /dev/null | head -n 1)
  if [ -n "$base" ]; then
    cp "grader/mutants/right/lab$lab/$base"/*.c "$own/sources/$(dirname "$file")"
  fi
  case $path in
  *.patch) patch --quiet --directory="$own/sources/$(dirname "$file")" < "$path" ||
    echo "The patch does not fit the solution: make it anew." > "$own/broken" ;;
  *.c) cp "$path" "$own/sources/$file" ;;
  *) cp "$path"/*.c "$own/sources/$(dirname "$file")" ;;
  esac
  SHMLAB_SOURCES=$own/sources SHMLAB_BUILD=$own/build build/shmlab lab "$lab" \
    > "$own/output" 2>&1
  results=$own/build/lab$lab/results.json
  if [ -e "$own/broken" ] || [ ! -e "$results" ]; then
    cp "$own/output" "$work/lab$lab/$name.trouble"
  else
    mv "$results" "$work/lab$lab/$name.json"
  fi
  rm -rf "$own"
}

if [ "${1-}" = --one ]; then
  check_one "$2" "$3"
  exit
fi

# The row of a mutant: a mark for each check, and what is wrong with it.
row() {
  jq --raw-output --arg wanted "$2" --arg name "$3" '
    ($wanted | split(", *"; null)) as $wanted
    | [.[] | select(.verdict == "failed") | .name] as $failed
    | (map(if .verdict == "failed"
           then (.name as $n | if $wanted | index($n) then "X" else "x" end)
           elif .verdict == "passed" then "." else "?" end) | add)
      + "  " + $name
      + (if $failed == [] then "   SURVIVED"
         elif ($wanted | any(. as $w | $failed | index($w))) then ""
         else "   CAUGHT BY ANOTHER CHECK: " + ($failed | join(" ")) end)
  ' "$1"
}

failures=0
total=0
right=0
trap 'rm -rf "$work"' EXIT
for lab in $labs; do
  rm -rf "$work"
  mkdir -p "$work/lab$lab"
  find "grader/mutants/lab$lab" "grader/mutants/right/lab$lab" -mindepth 1 -maxdepth 1 |
    sort | xargs -P "$jobs" -n 1 "$0" --one "$lab"

  echo "Lab $lab"
  jq --raw-output --arg lab "lab$lab" \
    '[.checks[] | select(.lab == $lab) | .name] | to_entries[]
     | "  \(.key + 1). \(.value)"' build/checks.json
  firsts=$work/firsts
  : > "$firsts"
  for path in "grader/mutants/lab$lab"/*; do
    name=$(basename "$path")
    total=$((total + 1))
    wanted=$(sed -n 's/^Caught by: *//p' "$path")
    if [ ! -e "$work/lab$lab/$name.json" ]; then
      echo "  NOT CHECKED  $name"
      sed 's/^/    /' "$work/lab$lab/$name.trouble" | head -n 5
      failures=$((failures + 1))
      continue
    fi
    line=$(row "$work/lab$lab/$name.json" "$wanted" "$name")
    echo "  $line"
    case $line in
    *SURVIVED* | *'CAUGHT BY ANOTHER'*) failures=$((failures + 1)) ;;
    esac
    jq --raw-output '[.[] | select(.verdict == "failed") | .name][0] // empty' \
      "$work/lab$lab/$name.json" >> "$firsts"
  done

  for check in $(jq --raw-output --arg lab "lab$lab" \
    '.checks[] | select(.lab == $lab) | .name' build/checks.json); do
    if ! grep -q -x "$check" "$firsts"; then
      echo "  NO MUTANT is caught by $check alone or first."
      failures=$((failures + 1))
    fi
  done

  for path in "grader/mutants/right/lab$lab"/*; do
    name=$(basename "$path")
    right=$((right + 1))
    if ! jq --exit-status 'all(.[]; .verdict == "passed")' \
      "$work/lab$lab/$name.json" > /dev/null 2>&1; then
      echo "  A RIGHT PROGRAM LOSES POINTS: right/lab$lab/$name"
      jq --raw-output '.[] | select(.verdict != "passed")
        | "    \(.name): \(.expected) \(.seen)"' "$work/lab$lab/$name.json"
      failures=$((failures + 1))
    fi
  done
done

echo "$total mutants and $right right programs; $failures failures."
[ "$failures" -eq 0 ]
