#!/bin/sh
# parallel.sh OUT SUBMISSIONS... - grades a class in parts with GNU parallel, and merges them.
#
#   PARTS=8                       how many parts (default: the number of cores)
#   SSHLOGINS=host1,host2,:       machines, as parallel's --sshlogin takes them; all must see this
#                                 folder, OUT and the submissions under the same path (as on NFS)
#   ARGS='--roster class.csv'     more options of shmlab-class
#
# Called again with the same words it goes on where it stopped: a part that is done is not graded
# again.
set -eu

if [ $# -lt 2 ]; then
  sed -n '2,10s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
grader=$(cd "$(dirname "$0")/.." && pwd)
out=$1
shift
mkdir -p "$out"
out=$(realpath "$out")
parts=${PARTS:-$(nproc)}

# A part uses one core: parallel starts as many as the machines have. Every part is to be tried,
# whatever becomes of the others; a status of 3 says that some submissions could not be checked.
# shellcheck disable=SC2086  # ARGS are words
seq "$parts" | parallel -q ${SSHLOGINS:+--sshlogin "$SSHLOGINS"} --workdir "$PWD" --line-buffer --tag \
  "$grader/class/shmlab-class" --jobs 1 --shard "{}/$parts" --format csv \
  --out "$out/part-{}" ${ARGS-} -- "$@" || echo "Some parts have a word to say: see above." >&2

set --
for part in $(seq "$parts"); do
  set -- "$@" "$out/part-$part"
done
exec "$grader/class/shmlab-class" merge --out "$out/class" "$@"
