#!/bin/sh
# Is this machine as the course needs it?  `make doctor` runs this.
#
# One line for each question: ok, warn (the course works, with less comfort or fewer checks) or fail
# (something will not work); below it, what to do.  The exit status is 0 when nothing failed.
# It changes nothing on the machine, and each answer comes from trying, not from a version number.
set -u

# Generous: the labs and all checks, running at once, stay far below.
needed_processes=128
needed_segments=128
needed_segment_kib=1024
needed_total_kib=65536
needed_disk_kib=51200

course=$(cd "$(dirname "$0")/.." && pwd) || exit 1
build=$course/build
compile="${CC:-gcc} -std=gnu11 -D_GNU_SOURCE"
uid=$(id -u)
sudo='sudo '
[ "$uid" != 0 ] || sudo=''

# --- Telling -------------------------------------------------------------------

oks=0 warns=0 fails=0
green='' yellow='' red='' plain=''
if [ -t 1 ] && [ "${TERM:-dumb}" != dumb ] && [ -z "${NO_COLOR-}" ]; then
  escape=$(printf '\033')
  green="${escape}[32m" yellow="${escape}[33m" red="${escape}[31m" plain="${escape}[m"
fi

# What was found, and then, each on a line of its own, what to do about it.
ok() { oks=$((oks + 1)) && tell "${green}ok$plain    " "$@"; }
warn() { warns=$((warns + 1)) && tell "${yellow}warn$plain  " "$@"; }
fail() { fails=$((fails + 1)) && tell "${red}fail$plain  " "$@"; }

tell() {
  printf '%s%s\n' "$1" "$2"
  shift 2
  [ $# = 0 ] || also "$@"
}

also() { printf '      %s\n' "$@"; }

# The first line of a file, as a detail below a sentence; a word where there is none.
first_line() {
  head -n 1 "$1" | grep . || echo "(no message)"
}

# --- The folder for what is built ----------------------------------------------

check_build_folder() {
  mkdir -p "$build" 2>/dev/null
  if work=$(mktemp -d "$build/doctor.XXXXXX" 2>/dev/null) &&
    [ -z "$(find "$build" -type d ! -writable -print -quit 2>/dev/null)" ]; then
    ok "The folder build/ can be written."
  elif [ ! -d "$build" ]; then
    fail "The folder of the course, $course, cannot be written." \
      "What to do: clone the course to a folder of your own."
  else
    fail "The folder build/ cannot be written. Perhaps make was once run with sudo." \
      "What to do: ${sudo}rm -r '$build'"
  fi
  [ -n "$work" ] || work=$(mktemp -d) || exit 1

  free=$(df -Pk "$work" | awk 'NR == 2 { print $4 }')
  if [ "$free" -ge "$needed_disk_kib" ]; then
    ok "There is room for what is built: $((free / 1024)) MiB are free."
  else
    fail "The disk is nearly full: $((free / 1024)) MiB are free, and $((needed_disk_kib / 1024)) MiB are needed." \
      "What to do: make room; df -h '$build' shows the disk."
  fi
}

tidy_up() {
  rm -rf "$work"
  rmdir "$build" 2>/dev/null # only when it is empty, that is, when it was not there before
}

# --- Compiler and libraries ------------------------------------------------------

# Compiles the program on standard input, with further options, to $work/trial.
compiles() {
  cat >"$work/trial.c"
  # shellcheck disable=SC2086  # CC may be several words
  $compile -o "$work/trial" "$work/trial.c" "$@" >"$work/messages" 2>&1
}

compiler_works=no
check_compiler() {
  # shellcheck disable=SC2086
  set -- $compile
  if ! command -v "$1" >/dev/null; then
    fail "The C compiler $1 is not installed." "What to do: ./setup"
  elif ! echo 'int main(void) { return 0; }' | compiles; then
    fail "The C compiler $1 cannot compile an empty program: $(first_line "$work/messages")" \
      "What to do: ./setup"
  elif ! "$work/trial" 2>"$work/messages"; then
    fail "A compiled program cannot be run: $(first_line "$work/messages")" \
      "What to do: copy the course to a disk that allows programs (mounted without noexec)."
  else
    compiler_works=yes
    ok "The C compiler $1 makes programs that run."
  fi
}

# A library by the name that pkg-config knows; a program that uses it is on standard input.
check_library() {
  if ! command -v pkg-config >/dev/null; then
    fail "Whether the library $1 is installed is not known, because pkg-config is not." \
      "What to do: ./setup"
  elif ! version=$(pkg-config --modversion "$1" 2>/dev/null); then
    fail "The library $1 is not installed." "What to do: ./setup"
  else
    # shellcheck disable=SC2046  # options are words
    if compiles $(pkg-config --cflags --libs "$1") && timeout 20 "$work/trial" >"$work/messages" 2>&1; then
      ok "The library $1 $version works."
    else
      fail "A program with the library $1 $version does not work: $(first_line "$work/messages")" \
        "What to do: first mend what else fails here; then install the library anew."
    fi
  fi
}

check_libraries() {
  [ "$compiler_works" = yes ] || return 0 # told already
  check_library criterion <<'END'
#include <criterion/criterion.h>
Test(doctor, runs) { cr_assert(1); }
END
  check_library jansson <<'END'
#include <jansson.h>
int main(void) { json_decref(json_object()); return 0; }
END
  check_library libedit <<'END'
#include <stdio.h>
#include <histedit.h>
int main(void) { history_end(history_init()); return 0; }
END
}

check_programs() {
  missing=''
  for program in unshare setpriv ipcs ipcrm; do
    command -v "$program" >/dev/null || missing="$missing $program"
  done
  if [ -z "$missing" ]; then
    ok "The programs unshare, setpriv, ipcs and ipcrm are installed."
  else
    fail "These programs are not installed:$missing." "What to do: ./setup"
  fi
  if command -v inotifywait >/dev/null; then
    ok "The program inotifywait is installed."
  else
    warn "The program inotifywait is not installed: make watch does not work." "What to do: ./setup"
  fi
  if command -v bwrap >/dev/null && /usr/bin/python3 -c 'import markdown_it, pexpect, rich' 2>/dev/null; then
    ok "What make walk needs is installed."
  else
    warn "Not all that make walk needs is installed: it does not work." "What to do: ./setup walk"
  fi
}

# --- Namespaces ------------------------------------------------------------------

# The value of a sysctl, or nothing where this kernel has none of that name.
sysctl_value() {
  cat "/proc/sys/$(echo "$1" | tr . /)" 2>/dev/null
}

# Why namespaces are refused, and the remedy: a warning. $1: what unshare said.
warn_of_refusal() {
  for name in user.max_user_namespaces user.max_mnt_namespaces user.max_ipc_namespaces \
    user.max_pid_namespaces; do
    if [ "$(sysctl_value "$name")" = 0 ]; then
      warn_of_sysctl "$name" 15000
      return
    fi
  done

  name=kernel.unprivileged_userns_clone
  if [ "$(sysctl_value "$name")" = 0 ]; then
    warn_of_sysctl "$name" 1
    return
  fi

  # Ubuntu lets the namespace be made, but takes its privileges away: writing uid_map is refused.
  # In a container the same value may be seen, while seccomp refuses the call itself.
  name=kernel.apparmor_restrict_unprivileged_userns
  if [ "$(sysctl_value "$name")" = 1 ] && [ "${1#*unshare failed: Operation}" = "$1" ]; then
    warn_of_sysctl "$name" 0
    return
  fi

  if [ -e /.dockerenv ] || [ -e /run/.containerenv ]; then
    warn "This container does not allow private namespaces: $1" \
      "What to do: give these options to docker run (to podman run: unmask=ALL as the last one):" \
      "  --security-opt seccomp=unconfined --security-opt apparmor=unconfined" \
      "  --security-opt systempaths=unconfined"
  elif grep -q '^Seccomp:[[:space:]]*2' /proc/self/status; then
    warn "A seccomp filter does not allow private namespaces: $1" \
      "What to do: use a terminal outside of the container or the sandboxed editor."
  else
    warn "The kernel does not allow private namespaces: $1" \
      "What to do: ask the administrator of this machine, or use a virtual machine."
  fi
}

# Namespaces are refused because of sysctl $1, which should be $2.
warn_of_sysctl() {
  warn "Private namespaces are not allowed on this machine: $1 is $(sysctl_value "$1")." \
    "What to do: ${sudo}sysctl -w $1=$2" \
    "To keep it after a restart: echo $1=$2 | ${sudo}tee -a /etc/sysctl.d/60-shmlab.conf"
}

# The namespaces that the grader makes (grader/lib/world.c): root needs no user namespace for them.
make_namespaces() {
  LC_ALL=C unshare "$@" --mount --ipc --pid --fork --kill-child --mount-proc true 2>&1
}

isolated=no
check_namespaces() {
  command -v unshare >/dev/null || return 0 # told already
  if { [ "$uid" = 0 ] && make_namespaces >/dev/null; } ||
    refusal=$(make_namespaces --user --map-root-user); then
    isolated=yes
    ok "Every check can have an IPC namespace of its own."
  else
    warn_of_refusal "$refusal"
    also "Until then the grader runs the checks one after the other, in the IPC namespace of the machine." \
      "It compares the segments before and after, and some checks end with \"could not be checked\"."
  fi
}

# --- System V shared memory --------------------------------------------------------

table=/proc/sysvipc/shm

check_table() {
  if head -n 1 "$table" 2>/dev/null | grep -q shmid; then
    ok "The kernel shows its table of segments in $table."
    check_limits
    check_forced_removal
    check_own_segments
  else
    fail "The table of segments, $table, cannot be read: this system has no System V shared memory." \
      "What to do: use a Linux kernel with CONFIG_SYSVIPC, for example in a virtual machine (WSL 1 has none)."
  fi
}

check_limits() {
  limit=$(sysctl_value kernel.shmmni)
  existing=$(awk 'NR > 1' "$table" | wc -l)
  if [ $((limit - existing)) -lt "$needed_segments" ]; then
    warn "Of the $limit segments that may exist (kernel.shmmni), $existing are there already." \
      "What to do: look at them with ipcs -m -c, and remove what nobody needs with ipcrm -m ID;" \
      "or raise the limit: ${sudo}sysctl -w kernel.shmmni=4096"
  else
    ok "There may be $limit segments (kernel.shmmni), and $existing exist now."
  fi

  # In awk, because shmall and shmmax do not fit in the shell's numbers. shmall counts pages.
  largest=$(awk '{ printf "%.0f", $1 / 1024 }' /proc/sys/kernel/shmmax)
  left=$(awk -v all="$(sysctl_value kernel.shmall)" -v page="$(getconf PAGESIZE)" '
    NR > 1 { used += int(($4 + page - 1) / page) }
    END { printf "%.0f", (all - used) * page / 1024 }' "$table")
  if is_less "$left" "$needed_total_kib"; then
    warn "All further segments together may have only $left KiB (kernel.shmall)." \
      "What to do: look at the segments with ipcs -m -c, and remove what nobody needs with ipcrm -m ID;" \
      "or raise the limit: ${sudo}sysctl -w kernel.shmall=18446744073692774399"
  elif is_less "$largest" "$needed_segment_kib"; then
    warn "One segment may have only $largest KiB (kernel.shmmax)." \
      "What to do: ${sudo}sysctl -w kernel.shmmax=18446744073692774399"
  else
    ok "The limits for the size of segments (kernel.shmall, kernel.shmmax) are high enough."
  fi
}

is_less() {
  awk -v a="$1" -v b="$2" 'BEGIN { exit !(a < b) }'
}

# A namespace of its own starts with 0, so with namespaces only experiments by hand go wrong.
check_forced_removal() {
  forced=$(sysctl_value kernel.shm_rmid_forced)
  if [ "$forced" = 0 ]; then
    ok "A segment outlives its creator (kernel.shm_rmid_forced is 0)."
    return
  fi
  tell_it=fail
  [ "$isolated" = no ] || tell_it=warn
  "$tell_it" "Segments vanish with their creator (kernel.shm_rmid_forced is $forced): experiments go wrong." \
    "What to do: ${sudo}sysctl -w kernel.shm_rmid_forced=0"
}

check_own_segments() {
  mine="\$8 == $uid && \$7 == 0" # the columns uid and nattch
  orphans=$(awk "$mine" "$table" | wc -l)
  if [ "$orphans" = 0 ]; then
    ok "No segment of yours is left without an attachment."
  else
    warn "Segments of yours that nobody has attached: $orphans." \
      "What to do: look at them with ipcs -m. When you need none of them, this removes them:" \
      "  awk '$mine { print \$2 }' $table | xargs -n 1 ipcrm -m"
  fi
}

# --- Limits of processes, and places for temporary files ------------------------------

check_processes() {
  limit=$(awk '/^Max processes/ { print $3 }' /proc/self/limits)
  if [ "$uid" = 0 ] || [ "$limit" = unlimited ]; then
    ok "The number of your processes has no limit."
    return
  fi
  # Threads count, too.
  running=$(find /proc/[0-9]*/task -mindepth 1 -maxdepth 1 -user "$uid" 2>/dev/null | wc -l)
  if [ $((limit - running)) -lt "$needed_processes" ]; then
    warn "You may have $limit processes, and $running are running: checks may fail to start theirs." \
      "What to do: end programs that you do not need, or raise the limit (ulimit -u)."
  else
    ok "You may have $limit processes, and $running are running."
  fi
}

# Criterion keeps a socket in /tmp, and memory that its processes share in /dev/shm.
check_writable() {
  if file=$(mktemp "$1/shmlab.XXXXXX" 2>/dev/null) && echo trial 2>/dev/null >"$file"; then
    ok "The folder $1 can be written."
  else
    fail "The folder $1 cannot be written, or is full: the checks cannot run." \
      "What to do: see with df -h $1 whether it is full. If not: $2"
  fi
  rm -f "$file"
}

# -----------------------------------------------------------------------------------

if [ "$(uname -s)" != Linux ]; then
  fail "The labs need Linux; this is $(uname -s)." "What to do: use a virtual machine with Debian or Ubuntu."
  exit 1
fi

trap tidy_up EXIT
trap 'exit 130' INT TERM
check_build_folder
check_compiler
check_libraries
check_programs
check_namespaces
check_table
check_processes
check_writable /tmp "${sudo}chmod 1777 /tmp"
check_writable /dev/shm "${sudo}mount -t tmpfs -o mode=1777 tmpfs /dev/shm"

printf '\nok: %d, warn: %d, fail: %d. ' "$oks" "$warns" "$fails"
if [ "$fails" -gt 0 ]; then
  echo "Mend what failed, then run make doctor again."
  exit 1
elif [ "$warns" -gt 0 ]; then
  echo "The course works here; what the warnings say would make it better."
else
  echo "This machine is ready for the course."
fi
