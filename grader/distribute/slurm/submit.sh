#!/bin/sh
# submit.sh PARTS OUT SUBMISSIONS... - queues a class on a Slurm cluster, in PARTS parts.
#
# Two jobs: an array with a task for each part (class.sbatch), and one that merges the parts when
# all have ended. All nodes must see this folder, OUT and the submissions under the same path.
# SBATCH='--partition=teaching' gives sbatch more options, ARGS='--roster class.csv' the grader.
set -eu

if [ $# -lt 3 ]; then
  sed -n '2,6s/^# \{0,1\}//p' "$0" >&2
  exit 2
fi
here=$(cd "$(dirname "$0")" && pwd)
parts=$1
mkdir -p "$2"
out=$(realpath "$2")
shift 2

# shellcheck disable=SC2086  # SBATCH are words
job=$(sbatch --parsable ${SBATCH-} --array="1-$parts" --output="$out/part-%a.log" \
  "$here/class.sbatch" "$here" "$out" "$@")
# "afterany": a part that could not check a submission has ended with status 3, and is to be merged.
# shellcheck disable=SC2086
sbatch --parsable ${SBATCH-} --dependency="afterany:$job" --output="$out/merge.log" \
  --job-name=shmlab-merge --time=0:30:00 --cpus-per-task=1 \
  "$here/merge.sbatch" "$here" "$out" "$parts"
echo "Look at it with squeue; the result will be $out/class/report.html." >&2
