#!/usr/bin/env bats
# scope.bats - scope shows what is true, says what it cannot see, and ends well.

load common

# Runs a script from standard input in an IPC namespace of its own, with the words of
# scope/scene.bash; sets status and output.
world() {
  SCENE=$BATS_TEST_TMPDIR/scene
  mkdir -p "$SCENE"
  cat > "$SCENE/script"
  local enter="unshare --ipc"
  [ "$(id -u)" -eq 0 ] || enter="unshare --user --map-root-user --ipc"
  $enter true 2> /dev/null || skip "namespaces are refused"
  # shellcheck disable=SC2016,SC2086  # the inner bash expands; the command is words
  run env SCENE="$SCENE" HELPER="$SCENE/helper" $enter bash -euc '
    source grader/tests/scope/scene.bash; source "$SCENE/script"; echo "to the end"' < /dev/null
}

went_well() {
  ends_with_status 0
  has "to the end"
}

helper() {
  mkdir -p "$BATS_TEST_TMPDIR/scene"
  gcc -D_GNU_SOURCE -o "$BATS_TEST_TMPDIR/scene/helper" grader/tests/scope/helper.c
}

# Fails unless a file is well-formed XML that begins as an SVG with a title.
is_svg() {
  python3 -c '
import sys, xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
space = "{http://www.w3.org/2000/svg}"
assert root.tag == space + "svg", root.tag
assert root.get("role") == "img" and root.get("aria-label")
assert root[0].tag == space + "title" and root[0].text
assert root[1].tag == space + "desc" and root[1].text
assert not [e for e in root.iter() if e.get("id")], "ids would clash in a page"
' "$1"
}

@test "table, JSON and picture agree with what the shells did" {
  world << 'EOF'
start A && start B
tell A shmget 0x1234 5000 "create|0640" && id=$answer
tell A shmat "$id" && a=$answer
tell B shmat "$id" ro && b1=$answer
tell B shmat "$id" && b2=$answer
tell B fork && child=$answer
tell A shmget private 100 "create|0600" && other=$answer
tell A shmat "$other" && o=$answer
tell A rmid "$other"

A=${shell_pid[A]} B=${shell_pid[B]}
wanted=$(sort << END
$A plain $a read/write
$B plain $b1 read-only
$B plain $b2 read/write
$child plain $b1 read-only
$child plain $b2 read/write
END
)
same attachments "$wanted" "$(now '.segments[0].attachments[] | "\(.pid) \(.name) \(.address) \(.access)"' | sort)"
same segment "0x00001234 $id 0640 5000 5 false 0 $A" \
  "$(now '.segments[0] | "\(.key) \(.id) \(.perms) \(.bytes) \(.nattch) \(.dest) \(.not_seen) \(.creator)"')"
same dest "0x00000000 $other true 1 $o" \
  "$(now '.segments[1] | "\(.key) \(.id) \(.dest) \(.nattch) \(.attachments[0].address)"')"

build/scope > "$SCENE/table"
grep -E "^0x00001234 +$id +[^ ]+ +0640 +5000 +5 +0$" "$SCENE/table"
grep -E "^0x00000000 +$other .*  dest$" "$SCENE/table"
grep -E "^ +$B +plain +(-|[a-z]+/[0-9]+) +$b1  read-only$" "$SCENE/table"
grep -F "created by process $A" "$SCENE/table"

same edges 6 "$(build/scope --dot | dot -Tplain | grep -c '^edge')"
same nodes 5 "$(build/scope --dot | dot -Tplain | grep -c '^node')"
build/scope --dot | grep -q "s$other .class=\"dest\""
build/scope --dot | grep -q "s$id .class=\"used\""
build/scope --svg -o "$SCENE/now.svg"
grep -q "$b1 ro" "$SCENE/now.svg"

leave A
same "the other segment" 1 "$(now '.segments | length')"
tell B rmid "$id"
leave B
same "no segment" 0 "$(now '.segments | length')"
build/scope --svg | grep -q "has no segment"
EOF
  went_well
  is_svg "$SCENE/now.svg"
}

@test "an attachment in pieces is one attachment, and each piece is accounted for" {
  helper
  world << 'EOF'
start A
tell A shmget private 12288 "create|0600" && id=$answer
run_helper P "$HELPER" protect "$id" && p=$answer
same protected "3 $p 3 mixed 12288 0" \
  "$(now '.segments[0] | "\(.nattch) \(.attachments[0] | "\(.address) \(.pieces) \(.access) \(.bytes)") \(.not_seen)"')"
build/scope | grep "mixed, in 3 pieces that count each"
run_helper U "$HELPER" unmap "$id" && u=$answer
same unmapped "$u 2 8192" \
  "$(now ".segments[0].attachments[] | select(.pid == ${shell_pid[U]}) | \"\(.address) \(.pieces) \(.bytes)\"")"
leave P && leave U
tell A rmid "$id"
EOF
  went_well
}

@test "two processes with one memory are counted once, as the kernel does" {
  helper
  world << 'EOF'
start A
tell A shmget private 4096 "create|0600" && id=$answer
run_helper S "$HELPER" share "$id"
same both "1 2 0" "$(now '.segments[0] | "\(.nattch) \(.attachments | length) \(.not_seen)"')"
same shares "null ${shell_pid[S]}" "$(now '[.segments[0].attachments[].shares_memory_with] | "\(.[0]) \(.[1])"')"
build/scope | grep "the memory of process ${shell_pid[S]}, counted once"
leave S
tell A rmid "$id"
EOF
  went_well
}

@test "processes of other IPC namespaces are counted and left out" {
  helper
  world << 'EOF'
start A
tell A shmget 0x77 4096 "create|0600" && id=$answer
# The same id, there.
run_helper there unshare --ipc bash -c 'source grader/tests/scope/scene.bash
  SCENE=$SCENE/there; mkdir -p "$SCENE"; start T; tell T shmget 0x77 4096 "create|0600"
  tell T shmat "$answer"; echo "ready $answer"; read -r || :; leave T'
same "not ours" "0 0" "$(now '.segments[0] | "\(.nattch) \(.attachments | length)"')"
[ "$(now .processes.other_ipc_namespaces)" -ge 2 ]
build/scope | grep "Processes of other IPC namespaces"
echo quit >&"${typed[there]}"
wait "${shell_pid[there]}" || :

run_helper L "$HELPER" leave "$id"
same "it took its attachment along" "1 0 1" \
  "$(now '.segments[0] | "\(.nattch) \(.attachments | length) \(.not_seen)"')"
build/scope | grep "not seen: 1 of nattch 1"
same "a dotted edge" 1 "$(build/scope --dot | grep -c style=dotted)"
leave L
tell A rmid "$id"
EOF
  went_well
}

@test "an ordinary user is told what scope may not see; root sees it" {
  [ "$(id -u)" -eq 0 ] || skip "only root can become another user"
  copy=$(mktemp -d "${TMPDIR:-/tmp}/shmlab-scope-XXXXXX")
  chmod 755 "$copy"
  cp build/scope "$copy"
  export copy
  world << 'EOF'
start A
tell A shmget 0x77 4096 "create|0666" && id=$answer
tell A shmat "$id"
user() { setpriv --reuid=1000 --regid=1000 --clear-groups "$copy/scope" "$@"; }
same user "1 0 1" "$(user --json | jq -r '.segments[0] | "\(.nattch) \(.attachments | length) \(.not_seen)"')"
[ "$(user --json | jq .processes.not_readable)" -ge 1 ]
user | grep "Processes that you may not look into (of other users, or protected): [1-9]"
user | grep "not seen: 1 of nattch 1"
same root "1 0" "$(now '.segments[0] | "\(.attachments | length) \(.not_seen)"')"
tell A rmid "$id"
EOF
  rm -r "$copy"
  went_well
}

@test "without the kernel's table scope says so" {
  world << 'EOF'
cover='mount -t tmpfs none /proc/sysvipc && shift 0'
out=$(unshare --mount sh -c "$cover; build/scope" 2>&1) && exit 9
grep "/proc/sysvipc/shm cannot be read: No such file" <<< "$out"
grep "CONFIG_SYSVIPC" <<< "$out"
unshare --mount sh -c "$cover; build/scope --svg" > /dev/null 2>&1 && exit 9
unshare --mount sh -c "$cover; build/scope --record $SCENE/x" > /dev/null 2>&1 && exit 9
true
EOF
  went_well
}

@test "a command is recorded call by call, and drawn" {
  helper
  world << 'EOF'
status=0
build/scope --record "$SCENE/run.json" "$HELPER" live || status=$?
same "the command's exit status" 3 "$status"
calls() { jq -r '.steps[] | .calls[]? | "\(.call) \(.error // "ok")"' "$SCENE/run.json" | paste -sd,; }
same calls "shmget ok,shmat ok,shmat ok,shmat EINVAL,shmdt ok,shmctl ok,shmdt ok" "$(calls)"
same nattch "0 1 2 4 3 2 2 1 gone" "$(jq -r '.steps[].segments[]? | if .gone then "gone" else .nattch end' "$SCENE/run.json" | paste -sd' ')"
same dest 1 "$(jq '[.steps[].segments[]? | select(.dest)] | length - 1' "$SCENE/run.json")"
same lines "fork: the child,ends with exit,ends with exit" \
  "$(jq -r '.steps[].line // empty' "$SCENE/run.json" | cut -d' ' -f1-3 | paste -sd,)"
build/scope --svg "$SCENE/run.json" -o "$SCENE/run.svg"
for words in 'IPC_CREAT|0600) = 0' 'shmat(0, NULL, SHM_RDONLY)' '= -1 EINVAL' \
  'shmctl(0, IPC_RMID) = 0' 'nattch 4' 'dest, nattch 1' destroyed 'ends with exit status 3'; do
  grep -qF "$words" "$SCENE/run.svg" || { echo "not in the picture: $words"; exit 9; }
done
# Each segment's end was the kernel's own doing: a dashed arrow.
build/scope --dot "$SCENE/run.json" | grep -q 'class="auto", style=dashed'
build/scope --dot "$SCENE/run.json" | grep -q 'arrowhead=tee' && exit 9 # its id named no segment
same "nothing left" 0 "$(now '.segments | length')"
build/scope --record "$SCENE/no.json" /no/such/program 2> "$SCENE/errors" && exit 9
grep "cannot be run: No such file" "$SCENE/errors"
EOF
  went_well
  is_svg "$SCENE/run.svg"
}

@test "what others do is recorded by looking" {
  world << 'EOF'
start A
build/scope --every 20 --record "$SCENE/run.json" 2> "$SCENE/errors" &
recorder=$!
has_looked "$recorder"
tell A shmget 0x77 4096 "create|0600" && id=$answer
has_looked "$recorder"
tell A shmat "$id" && address=$answer
has_looked "$recorder"
tell A rmid "$id"
has_looked "$recorder"
leave A
has_looked "$recorder"
kill -INT "$recorder"
wait "$recorder"
A=${shell_pid[A]}
wanted="$A (plain) created segment $id: key 0x00000077, 4096 bytes
$A (plain) attached segment $id at $address, read/write
segment $id was marked dest (nattch 1)
$A (plain) ended, and segment $id was detached
segment $id was destroyed with its last detach"
same events "$wanted" "$(jq -r '.steps[].line' "$SCENE/run.json")"
same who "plain $A" "$(jq -r '.steps[1].where' "$SCENE/run.json")"
build/scope --svg "$SCENE/run.json" -o "$SCENE/run.svg"
grep -q destroyed "$SCENE/run.svg"
EOF
  went_well
  is_svg "$SCENE/run.svg"
}

# Waits until the terminal shows a text; fails with what it shows.
shows() {
  local _
  for _ in $(seq 400); do
    [[ $(tmux -L "$SERVER" capture-pane -p -t "$1") != *"$2"* ]] || return 0
    sleep 0.05
  done
  echo "not shown in $1: $2"
  tmux -L "$SERVER" capture-pane -p -t "$1"
  return 1
}

@test "the live view keeps the history: 80 by 24, no colour, resize, quit" {
  command -v tmux > /dev/null || skip "tmux is not installed"
  SERVER=scope-$$
  export SERVER
  export -f shows
  world << 'EOF'
# In a user namespace the folder in /tmp would be the real root's.
export TMUX_TMPDIR=$SCENE
trap 'tmux -L "$SERVER" kill-server 2> /dev/null || :' EXIT
tmux -L "$SERVER" -f /dev/null new-session -d -s s -x 80 -y 24 \
  "TERM=vt100 build/scope --live --every 20; echo status \$?; cat"
tmux -L "$SERVER" set-option -g window-size manual
shows s "This IPC namespace has no segment now"
start A && start B
tell A shmget 0x1234 5000 "create|0600" && id=$answer
shows s "(plain) created segment $id: key 0x00001234, 5000 bytes"
tell A shmat "$id" && tell B shmat "$id" ro
shows s "  ${shell_pid[B]} plain"
shows s "read-only"
tell A rmid "$id"
shows s "segment $id was marked dest (nattch 2)"
shows s "dest"
leave A && leave B
shows s "segment $id was destroyed with its last detach"
shows s "gone"
tmux -L "$SERVER" capture-pane -p -t s > "$SCENE/screen"
grep -E '^0x00001234 .* gone .*x' "$SCENE/screen" # the lane
same lines 24 "$(wc -l < "$SCENE/screen")"
same "no line is too long" "" "$(awk 'length > 80' "$SCENE/screen")"
tmux -L "$SERVER" resize-window -t s -x 120 -y 30
shows s "q quit | arrows"
tmux -L "$SERVER" resize-window -t s -x 30 -y 6
shows s "needs 40 by 8"
tmux -L "$SERVER" resize-window -t s -x 80 -y 24
shows s "What happened"
tmux -L "$SERVER" send-keys -t s p
shows s paused
tmux -L "$SERVER" send-keys -t s q
shows s "status 0"
# Ctrl-C ends it as well, and gives the terminal back.
tmux -L "$SERVER" respawn-pane -k -t s "build/scope --live; stty -a; echo over \$?; cat"
shows s "What happened"
tmux -L "$SERVER" send-keys -t s C-c
shows s "over 0"
tmux -L "$SERVER" capture-pane -p -t s | grep -E ' icanon| echo '
EOF
  went_well
  run build/scope --live < /dev/null
  ends_with_status 1
  has "needs a terminal"
}

@test "PICTURE=1 draws each check that failed, from the student's own run" {
  edit "$SUBMISSIONS/02-create/create.c" \
    's/return shmget(key, 0, 0);/shmget(IPC_PRIVATE, 123, 0600); &/'
  local picture=build/lab2/find_never_creates.svg kept=build/lab2/results.json check
  check=$(SHMLAB_SOURCES=$SUBMISSIONS build/shmlab lab 2 > /dev/null
    jq -r '[.[] | select(.verdict == "failed")][0].name' "$kept")
  picture=build/lab2/$check.svg
  [ ! -e "$picture" ]
  PICTURE=1 check_lab 2
  ends_with_status 1
  has "Picture: $picture"
  is_svg "$picture"
  grep -qF "shmget(IPC_PRIVATE, 123, 0600)" "$picture"
  grep -q leaked "$picture"
  # The same through the interface for programs, also out of an object for a class.
  build/scope --picture "$kept" "$check" | cmp - "$picture"
  jq '{labs: {"2": {checks: .}}}' "$kept" > "$BATS_TEST_TMPDIR/class.json"
  build/scope --picture "$BATS_TEST_TMPDIR/class.json" "$check" | cmp - "$picture"
  run build/scope --picture "$kept" no_such_check
  ends_with_status 1
  has "has no result of a check no_such_check"
  # A run with all checks passed carries no trace, and no picture of an earlier run.
  SHMLAB_SOURCES=$ROOT/solutions check_lab 2
  [ ! -e "$picture" ]
  [ "$(jq '[.[] | .. | .calls? // empty] | length' "$kept")" -eq 0 ]
}

@test "wrong usage, unwritable files, broken pipes and a missing Graphviz" {
  run build/scope --no-such-option
  ends_with_status 2
  has "scope --help"
  run build/scope word
  ends_with_status 2
  run build/scope --every 5
  ends_with_status 2
  has "20 to 60000"
  run build/scope --picture build/checks.json
  ends_with_status 2
  run build/scope --output /no/such/folder/file
  ends_with_status 1
  has "/no/such/folder/file cannot be written: No such file"
  run build/scope --record /no/such/folder/file true
  ends_with_status 1
  run bash -c 'build/scope --json > /dev/full'
  ends_with_status 1
  has "cannot be written: No space left"
  run bash -c 'set -o pipefail; yes | head -n 1000 > /dev/null; build/scope --help | true; build/scope | true'
  has_not scope
  run build/scope --svg README.md
  ends_with_status 1
  run build/scope --svg build/checks.json
  ends_with_status 1
  has "is no recording"
  run env PATH=/no/such build/scope --svg
  ends_with_status 1
  has "dot is not installed"
  run env PATH=/no/such build/scope --dot
  ends_with_status 0
  has "digraph scope"
}

@test "the manual page names every option of --help" {
  local option
  for option in $(build/scope --help | grep -oE '^  -., --[a-z]+' | sed 's/.*--//'); do
    grep -qF "\\-\\-$option" grader/scope/scope.1 || complain "not in scope.1: --$option"
  done
  [ "$(build/scope --help | grep -cE '^  -., --')" -eq 9 ]
}
