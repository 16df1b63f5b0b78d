# shellcheck shell=bash
# scene.bash - processes for scope to look at: plain lab shells, driven line by line.
# Sourced inside an IPC namespace of its own; see world in scope.bats.

declare -A typed heard shell_pid

# A plain lab shell: start A
start() {
  local here=$SCENE/$1
  mkfifo "$here.in" "$here.out"
  build/plain < "$here.in" > "$here.out" &
  shell_pid[$1]=$!
  local in out
  exec {in}> "$here.in" {out}< "$here.out"
  typed[$1]=$in heard[$1]=$out
}

# Types a line and waits for the answer, which goes to $answer without its "ok":
# tell A shmat 0
tell() {
  local who=$1 line
  shift
  echo "$*" >&"${typed[$who]}"
  while read -r -u "${heard[$who]}" line; do
    case $line in
    ok*)
      answer=${line#ok}
      answer=${answer# }
      return
      ;;
    error* | usage*)
      echo "$who: $*: $line"
      return 1
      ;;
    esac
  done
  echo "$who: $*: no answer"
  return 1
}

# Ends a shell, and waits until it is gone.
leave() {
  echo quit >&"${typed[$1]}"
  wait "${shell_pid[$1]}" || :
}

# A program of the test's own; it says "ready", and ends when it reads a line:
# run_helper NAME PROGRAM ARGUMENT...
run_helper() {
  local name=$1 line in out
  shift
  mkfifo "$SCENE/$name.in" "$SCENE/$name.out"
  "$@" < "$SCENE/$name.in" > "$SCENE/$name.out" &
  shell_pid[$name]=$!
  exec {in}> "$SCENE/$name.in" {out}< "$SCENE/$name.out"
  typed[$name]=$in heard[$name]=$out
  read -r -u "$out" line
  [ "${line%% *}" = ready ] || { echo "$name: $line" && return 1; }
  answer=${line#ready }
}

# What scope sees, through a jq filter: now '.segments[0].nattch'
now() {
  build/scope --json | jq -rc "$1"
}

# Fails unless two texts are the same: same "what" WANTED SEEN
same() {
  [ "$2" = "$3" ] || {
    printf '%s\n  wanted: %s\n  seen:   %s\n' "$1" "$2" "$3"
    return 1
  }
}

# Waits until a process has slept and woken some more times: it has looked again.
has_looked() {
  local before now
  before=$(awk '/^voluntary/ { print $2 }' "/proc/$1/status")
  for _ in $(seq 2000); do
    now=$(awk '/^voluntary/ { print $2 }' "/proc/$1/status")
    [ "$now" -lt $((before + 3)) ] || return 0
  done
  echo "process $1 does not look"
  return 1
}
