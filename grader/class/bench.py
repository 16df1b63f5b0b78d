#!/usr/bin/python3
"""What grading a class costs: `make bench`.

usage: bench.py [COUNT...]

For each COUNT (default: 10) a class is made from the solutions, graded, and measured: CPU seconds
a submission, all processes counted, as a multiple of compiling and linking the same files with the
same compiler; wall time; the peak memory of the program itself. CPU time is taken from a cgroup
where one can be made (cpuacct, or cgroup 2), because a sandbox's processes are not waited for by
anybody here; elsewhere from /proc/stat, which counts what else runs.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT / "grader" / "tests")]
sys.dont_write_bytecode = True

import course  # noqa: E402  (the path comes first)
from submissions import write_solutions  # noqa: E402

AIM_MULTIPLE = 5.0
AIM_SECONDS = 100.0
AIM_COUNT = 200


class Meter:
    """CPU seconds of everything that is started from here on."""

    def __init__(self) -> None:
        self.usage: Path | None = None
        for folder, name in (("cpuacct", "cpuacct.usage"), ("", "cpu.stat")):
            group = Path("/sys/fs/cgroup", folder, "shmlab-bench")
            try:
                group.mkdir(exist_ok=True)
                (group / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")
            except OSError:
                continue
            if (group / name).exists():
                self.usage = group / name
                return

    @property
    def source(self) -> str:
        return "a cgroup" if self.usage else "/proc/stat: everything that ran here is counted"

    def seconds(self) -> float:
        if self.usage is None:
            ticks = Path("/proc/stat").read_text(encoding="ascii").split("\n")[0].split()[1:4]
            return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")
        text = self.usage.read_text(encoding="ascii")
        if text.startswith("usage_usec"):
            return int(text.split()[1]) / 1e6
        return int(text) / 1e9

    def close(self) -> None:
        """Leaves the group, and removes it."""
        if self.usage:
            (self.usage.parents[1] / "cgroup.procs").write_text(str(os.getpid()), encoding="ascii")
            self.usage.parent.rmdir()


def compile_all(source: Path, target: Path) -> None:
    """Merely compiles and links, as the grader does, with nothing around it."""
    compiler = os.environ.get("CC") or "gcc"
    options = "-std=gnu11 -D_GNU_SOURCE -Wall -Wextra -g -O1 -fPIE".split()
    calls = (ROOT / "grader/student/calls.def").read_text(encoding="ascii")
    names = re.findall(r"^(?:CALL|ALIAS)\((\w+)", calls, re.MULTILINE)
    wraps = [f"-Wl,--wrap={name}" for name in names]
    for lab in course.read_labs():
        for name in lab.files:
            built = target / f"{name}.o"
            include = [f"-Ilabs/{lab.directory}", "-Ilabs"]
            subprocess.run(
                [compiler, *options, *include, "-c", "-o", built, source / name],
                cwd=ROOT,
                check=True,
            )
            part = "interpose" if len(lab.files) > 1 else f"lab{lab.number}"
            subprocess.run(
                [
                    compiler,
                    "-pie",
                    built,
                    ROOT / f"build/course/{part}.o",
                    *wraps,
                    "-o",
                    built.stem,
                ],
                cwd=target,
                check=True,
            )


def measure(meter: Meter, folder: Path, source: Path, count: int) -> tuple[float, float, int]:
    """CPU and wall seconds, and the peak memory of the program in KiB."""
    submissions = folder / f"class-{count}"
    for number in range(count):
        copy = submissions / f"s{number:05}"
        shutil.copytree(source, copy)
        with open(copy / "keys.c", "a", encoding="utf-8") as file:
            file.write(f"/* {number} */\n")  # no two are the same
    out = folder / f"out-{count}"
    cpu, start = meter.seconds(), time.monotonic()
    process = subprocess.Popen(
        [HERE / "shmlab-class", "--out", out, submissions],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.monotonic() - start
    time.sleep(0.2)  # what the kernel does late counts, too
    cpu = meter.seconds() - cpu
    if os.waitstatus_to_exitcode(status) != 0:
        sys.exit(f"shmlab-class ended with status {os.waitstatus_to_exitcode(status)}")
    shutil.rmtree(submissions)
    return cpu, wall, usage.ru_maxrss


def main(arguments: list[str]) -> int:
    counts = [int(argument) for argument in arguments] or [10]
    meter = Meter()
    cores = len(os.sched_getaffinity(0))
    failed = False
    with tempfile.TemporaryDirectory(prefix="shmlab-bench-") as name:
        os.chmod(name, 0o755)
        folder = Path(name)
        write_solutions(folder / "solutions")
        (folder / "built").mkdir()
        rounds = 5
        cpu = meter.seconds()
        for _ in range(rounds):
            compile_all(folder / "solutions", folder / "built")
        base = (meter.seconds() - cpu) / rounds
        print(f"Compiling and linking the six files: {base:.2f} CPU s. {cores} cores;", end=" ")
        print(f"load {os.getloadavg()[0]:.1f} at the start. CPU time from {meter.source}.")
        print("submissions  CPU s each  multiple  wall s  wall s for 200  peak MiB")
        for count in counts:
            cpu, wall, memory = measure(meter, folder, folder / "solutions", count)
            multiple = cpu / count / base
            failed = failed or multiple > AIM_MULTIPLE
            print(
                f"{count:11}  {cpu / count:10.2f}  {multiple:8.1f}  {wall:6.1f}"
                f"  {wall / count * AIM_COUNT:14.1f}  {memory / 1024:8.0f}",
                flush=True,
            )
    meter.close()
    print(
        f"Aim: at most {AIM_MULTIPLE:.0f} times, and {AIM_SECONDS:.0f} s for {AIM_COUNT} on 2 cores."
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
