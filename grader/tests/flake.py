#!/usr/bin/python3
"""flake.py - checks submissions again and again, in every kind of trouble that must not matter.

A *grading* is one run of all the checks of one lab on one submission: a solution, a mutant or a right
program (grader/mutants/).  Each grading draws from its seed

- the submission,
- the user: root, or an ordinary user (where root starts this; else always the one who does),
- the world: private, or shared (SHMLAB_WORLD=shared: no namespaces for the checks),
- the order of the checks (SHMLAB_ORDER),
- whether the student's processes are stopped (SIGSTOP) and continued (SIGCONT) at random.

All of it happens while every processor is kept busy by another process.  What each check must say of a
submission is known: a solution and a right program pass; what a mutant gets is what it got on its first,
undisturbed grading, where a check that its patch names caught it.  In a shared world some promises
cannot be tried: there, and for these checks only, "could not be checked" is as good.

A wrong program may be wrong in a way that depends on more than its text.  In a shared world the kernel's
table has a history, and the files have other inodes: a program that takes id 0 for a failure, or stops
at a hole in the table, is caught there by more checks, or by fewer.  The two programs of lab 5 may race;
and a stop makes a blocked call begin anew: an open(2) of a FIFO whose name was removed meanwhile then
fails, or finds another one.  So a mutant's verdicts in a shared world may differ, and those of lab 5 that
were disturbed, or of other checks than the first that its patch names; they are printed as notes and
counted.  In a private world labs 1 to 4 have one such way out: an ordinary user has one user id there, and
cannot give a segment away, so a mutant that reads the owner where the grader cannot show another one "could
not be checked".  That is a note where the same user gets it undisturbed, too.  No solution and no right
program has any.

Any other verdict is a defect, and so are a process, a segment or a file that is left behind.  The run
goes on; the defect is kept in build/flake/, and the exit status is 1.
"""

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path

from submissions import (
    BUILD,
    LABS,
    Outcome,
    Progress,
    Submission,
    Verdicts,
    Workshop,
    check,
    finish_check,
    sources_of,
    start_check,
    submissions,
    write_submission,
)

KEPT = BUILD / "flake"
ORDINARY_USER = 1000
# A check waits for 2 s for a process that is stopped (QUIET_SECONDS in lib/actor.c), then its verdict
# falls.  A stop is meant to last for some milliseconds; one that the machine made this long proves
# nothing, and the grading is done again.
STOP_TOO_LONG = 1.0
SIGSTOP_BIT = 1 << (signal.SIGSTOP - 1)
# What else is read from /proc/PID/stat: the state and the parent.
Stat = tuple[str, int]


# --- Stopping and continuing -------------------------------------------------------


def stat_of(pid: int) -> Stat | None:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            state, parent = file.read().rpartition(")")[2].split()[:2]
    except OSError:
        return None
    return state, int(parent)


def children_of(pid: int) -> list[int]:
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def descendants_of(pid: int) -> list[int]:
    found = []
    for child in children_of(pid):
        found += [child, *descendants_of(child)]
    return found


def program_of(pid: int) -> str:
    try:
        return os.readlink(f"/proc/{pid}/exe")
    except OSError:
        return ""


def wait_for_stop(pid: int) -> bool:
    """Waits until a process is stopped; False when it ends.  However long it takes: who gives up here
    leaves a process stopped that nobody continues."""
    while True:
        stat = stat_of(pid)
        if stat is None or stat[0] in "ZX":
            return False
        if stat[0] == "T":
            return True
        time.sleep(0.0005)


def stop_is_pending(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            masks = [line.split()[1] for line in file if line.startswith("ShdPnd:")]
    except OSError:
        return False
    return bool(masks) and bool(int(masks[0], 16) & SIGSTOP_BIT)


class Stopper(threading.Thread):
    """Stops the student's processes of one grading and continues them, as a debugger, a frozen
    container or a sleeping laptop would.

    A check stops processes, too, and such a stop must not be ended from outside.  So the check is
    stopped itself while its process is looked at: one that is stopped already, or to which another
    SIGSTOP is on its way, is left to the check.
    """

    def __init__(self, pid: int, choices: random.Random) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.choices = choices
        self.over = threading.Event()
        self.stops = 0
        self.longest = 0.0

    def run(self) -> None:
        while not self.over.is_set():
            actors = [
                pid
                for pid in descendants_of(self.pid)
                if os.path.basename(program_of(pid)) in ("program", "reader", "writer")
            ]
            if actors:
                try:
                    self.disturb(self.choices.choice(actors))
                except (ProcessLookupError, PermissionError):
                    pass  # it has ended meanwhile
            time.sleep(self.choices.uniform(0.0005, 0.02))

    def disturb(self, pid: int) -> None:
        stat = stat_of(pid)
        if stat is None or os.path.basename(program_of(stat[1])) not in ("checks", "runner"):
            return
        actor, parent = os.pidfd_open(pid), os.pidfd_open(stat[1])
        start = time.monotonic()
        try:
            if self.while_stopped(parent, stat[1], lambda: self.stop(actor, pid)):
                time.sleep(self.choices.uniform(0.0005, 0.03))
                self.while_stopped(parent, stat[1], lambda: self.resume(actor, pid))
        finally:
            self.longest = max(self.longest, time.monotonic() - start)
            os.close(actor)
            os.close(parent)

    def while_stopped(self, parent: int, pid: int, act) -> bool:
        signal.pidfd_send_signal(parent, signal.SIGSTOP)
        try:
            return wait_for_stop(pid) and act()
        finally:
            signal.pidfd_send_signal(parent, signal.SIGCONT)

    def stop(self, actor: int, pid: int) -> bool:
        stat = stat_of(pid)
        if stat is None or stat[0] in "TtZX" or stop_is_pending(pid):
            return False
        signal.pidfd_send_signal(actor, signal.SIGSTOP)
        self.stops += 1
        return wait_for_stop(pid)

    def resume(self, actor: int, pid: int) -> bool:
        if not stop_is_pending(pid):
            signal.pidfd_send_signal(actor, signal.SIGCONT)
        return True


# --- One grading --------------------------------------------------------------------


@dataclass
class Plan:
    """What the seed chose for one grading."""

    number: int
    submission: Submission
    user: str
    world: str
    order: int
    stopped: bool
    seed: str

    def __str__(self) -> str:
        stopped = ", stopped and continued" if self.stopped else ""
        return f"{self.submission.name} as {self.user}, {self.world} world{stopped}"


@dataclass
class Tally:
    """What a whole run counts."""

    gradings: int = 0
    checks: int = 0
    stops: int = 0
    defects: int = 0
    notes: int = 0
    void: int = 0
    longest_stop: float = 0
    slowest: float = 0
    slowest_plan: str = ""
    by_mode: dict[str, int] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)


def namespace_prefix(user: str) -> list[str]:
    """A shared world is tried in an IPC namespace of the grading's own where that is to be had: others
    on this machine are not to be disturbed."""
    if user == "root":
        return ["unshare", "--ipc"]
    become = ["setpriv", f"--reuid={ORDINARY_USER}", f"--regid={ORDINARY_USER}", "--clear-groups"]
    if os.geteuid() == 0:
        return ["unshare", "--ipc", *become]
    prefix = ["unshare", "--user", "--map-current-user", "--ipc"]
    refused = subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode
    return [] if refused else prefix


def user_prefix(user: str) -> list[str]:
    if user == "root" or os.geteuid() != 0:
        return []
    return ["setpriv", f"--reuid={ORDINARY_USER}", f"--regid={ORDINARY_USER}", "--clear-groups"]


def hand_over(place: Path, to_ordinary_user: bool) -> None:
    """Makes a grading's directory one of the user who grades there."""
    place.chmod(0o755)
    if os.geteuid() == 0 and to_ordinary_user:
        subprocess.run(["chown", "-R", f"{ORDINARY_USER}:{ORDINARY_USER}", place], check=True)


# After the grading, in its own IPC namespace: the segments that are left.
AND_THEN_SEGMENTS = [
    "sh",
    "-c",
    'place=$1; shift; "$@"; status=$?; cat /proc/sysvipc/shm > "$place/segments"; exit $status',
    "sh",
]


def leftovers(place: Path) -> list[str]:
    found = [f"directory {path.name}" for path in (place / "build").glob("scratch-*")]
    segments = place / "segments"
    if segments.exists():
        found += [f"segment {row.split()[1]}" for row in segments.read_text().splitlines()[1:]]
    for entry in os.listdir("/proc"):
        if entry.isdigit() and program_of(int(entry)).startswith(f"{place}/"):
            found.append(f"process {entry}")
    return found


class Flake:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.workshop = Workshop("flake")
        self.all = [s for s in submissions(options.labs) if options.only in s.name]
        if not self.all:
            sys.exit(f"There is no submission whose name contains '{options.only}'.")
        self.lock = threading.Lock()
        self.locks: dict[str, threading.Lock] = {}
        self.expected: dict[str, Verdicts] = {}
        self.tally = Tally()
        self.load_expected()
        self.untried: dict[tuple[int, str], set[str]] = {}

    # What the checks must say.

    def load_expected(self) -> None:
        """Undisturbed verdicts hold as long as the checks and everything around them are the same."""
        digest = hashlib.sha256()
        for path in sorted((self.workshop.path / "parts").rglob("*")):
            if path.is_file():
                digest.update(path.read_bytes())
        self.digest = digest.hexdigest()
        try:
            known = json.loads((KEPT / "expected.json").read_text())
        except (OSError, ValueError):
            return
        if known.get("digest") == self.digest:
            self.expected = known["verdicts"]

    def save_expected(self) -> None:
        KEPT.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"digest": self.digest, "verdicts": self.expected}, indent=1)
        new = KEPT / f"expected.json.{os.getpid()}"
        new.write_text(text)
        new.rename(KEPT / "expected.json")

    def key_of(self, submission: Submission) -> str:
        if submission.kind != "mutant":
            return submission.name
        text = b"".join(text for _, text in sorted(sources_of(submission).items()))
        return submission.name + " " + hashlib.sha256(text).hexdigest()[:16]

    def expected_of(self, submission: Submission) -> Verdicts:
        key = self.key_of(submission)
        with self.lock:
            one_at_a_time = self.locks.setdefault(key, threading.Lock())
        with one_at_a_time:
            if key not in self.expected:
                verdicts = self.undisturbed(submission, {}, [])
                if submission.kind != "mutant":
                    verdicts = {name: "passed" for name in verdicts}
                elif not any(verdicts.get(name) == "failed" for name in submission.wanted):
                    print(f"{submission.name}: no check that its patch names has caught it.")
                    with self.lock:
                        self.tally.defects += 1
                with self.lock:
                    self.expected[key] = verdicts
            return self.expected[key]

    def undisturbed(
        self, submission: Submission, environment: dict[str, str], prefix: list[str]
    ) -> Verdicts:
        place = self.workshop.new_place()
        write_submission(submission, place / "sources")
        hand_over(place, "setpriv" in prefix)
        outcome = check(submission.lab, place, environment, prefix, self.workshop.path)
        shutil.rmtree(place)
        if outcome.verdicts is None:
            sys.exit(f"{submission.name} could not be checked at all:\n{outcome.output}")
        with self.lock:
            self.count(outcome)
        return outcome.verdicts

    def untried_of(self, plan: Plan) -> set[str]:
        """The checks that this user cannot try in a shared world: a solution tells."""
        if plan.world == "private":
            return set()
        key = plan.submission.lab, plan.user
        with self.lock:
            one_at_a_time = self.locks.setdefault(str(key), threading.Lock())
        with one_at_a_time:
            if key not in self.untried:
                solution = [s for s in submissions([key[0]]) if s.kind == "solution"][0]
                world = {"SHMLAB_WORLD": "shared"}
                verdicts = self.undisturbed(solution, world, namespace_prefix(plan.user))
                self.untried[key] = {n for n, v in verdicts.items() if v == "unchecked"}
        return self.untried[key]

    # One grading.

    def plan(self, number: int) -> Plan:
        seed = f"{self.options.seed}/{number}"
        choices = random.Random(seed)
        kind = choices.choice(["solution", "right", "mutant", "mutant", "mutant"])
        kinds = [s for s in self.all if s.kind == kind] or self.all
        submission = choices.choice(kinds)
        users = ["root", "an ordinary user"] if os.geteuid() == 0 else ["an ordinary user"]
        return Plan(
            number,
            submission,
            choices.choice(users),
            choices.choice(["private", "private", "shared"]),
            choices.randrange(1, 1 << 31),
            choices.random() < 0.7,
            seed,
        )

    def grade(self, plan: Plan) -> None:
        for _ in range(5):
            if self.grade_once(plan):
                return
        sys.exit(f"The stops last too long on this machine: grading {plan.number}, {plan}.")

    def grade_once(self, plan: Plan) -> bool:
        """False: the machine held a process so long that this grading proves nothing."""
        expected = self.expected_of(plan.submission)
        place = self.workshop.new_place(f"{plan.number}-")
        try:
            outcome, stopper = self.run(plan, place)
            problems = self.problems(plan, outcome, expected, leftovers(place))
            with self.lock:
                self.tally.longest_stop = max(self.tally.longest_stop, stopper.longest)
                if problems and stopper.longest > STOP_TOO_LONG:
                    self.tally.void += 1
                    print(f"Grading {plan.number} again: a stop lasted {stopper.longest:.1f} s.")
                    return False
                self.count(outcome, plan, stopper.stops)
                if problems:
                    self.keep(plan, place, problems)
                return True
        finally:
            shutil.rmtree(place, ignore_errors=True)

    def run(self, plan: Plan, place: Path) -> tuple[Outcome, Stopper]:
        write_submission(plan.submission, place / "sources")
        prefix = user_prefix(plan.user)
        environment = {"SHMLAB_ORDER": str(plan.order)}
        if plan.world == "shared":
            environment["SHMLAB_WORLD"] = "shared"
            prefix = namespace_prefix(plan.user)
            if prefix:
                prefix = [*prefix, *AND_THEN_SEGMENTS, str(place)]
        hand_over(place, plan.user != "root")
        start = time.monotonic()
        process = start_check(plan.submission.lab, place, environment, prefix, self.workshop.path)
        stopper = Stopper(process.pid, random.Random(plan.seed + "/stops"))
        if plan.stopped:
            stopper.start()
        try:
            outcome = finish_check(plan.submission.lab, place, process, start)
        finally:
            stopper.over.set()
            if plan.stopped:
                stopper.join()
        return outcome, stopper

    def problems(
        self, plan: Plan, outcome: Outcome, expected: Verdicts, left: list[str]
    ) -> list[str]:
        if outcome.verdicts is None:
            return ["there are no results"]
        found = [f"left behind: {what}" for what in left]
        untried = self.untried_of(plan)
        for name, wanted in expected.items():
            verdict = outcome.verdicts.get(name, "missing")
            if verdict == wanted or (verdict == "unchecked" and name in untried):
                continue
            difference = f"{name}: {verdict}, not {wanted}"
            if self.may_differ(plan, name, verdict) or self.is_the_users(plan, name, verdict):
                self.tally.notes += 1
                print(f"Note: grading {plan.number}, {plan}: {difference}", flush=True)
            else:
                found.append(difference)
        return found

    @staticmethod
    def may_differ(plan: Plan, name: str, verdict: str) -> bool:
        submission = plan.submission
        if submission.kind != "mutant" or verdict == "missing":
            return False
        if plan.world == "shared":
            return True
        # Its patch names first the check that forces the order of events; the others may see it.
        races = submission.lab == 5 and (plan.stopped or name != submission.wanted[0])
        return races and verdict != "unchecked"

    def is_the_users(self, plan: Plan, name: str, verdict: str) -> bool:
        """Whether a mutant has this verdict also undisturbed, when this user grades: an ordinary
        user cannot give a segment away, and a check then has less to see."""
        prefix = user_prefix(plan.user)
        if plan.submission.kind != "mutant" or verdict != "unchecked" or not prefix:
            return False
        return self.undisturbed(plan.submission, {}, prefix).get(name) == verdict

    def count(self, outcome: Outcome, plan: Plan | None = None, stops: int = 0) -> None:
        self.tally.gradings += 1
        self.tally.checks += len(outcome.results or [])
        self.tally.stops += stops
        self.tally.seconds.append(outcome.seconds)
        name = str(plan) if plan else "undisturbed"
        mode = name.partition(" as ")[2] if plan else name
        self.tally.by_mode[mode] = self.tally.by_mode.get(mode, 0) + 1
        if outcome.seconds > self.tally.slowest:
            self.tally.slowest, self.tally.slowest_plan = outcome.seconds, name

    def keep(self, plan: Plan, place: Path, problems: list[str]) -> None:
        self.tally.defects += 1
        folder = KEPT / f"{self.options.seed}-{plan.number}"
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(place / "output", folder)
        results = place / "build" / f"lab{plan.submission.lab}" / "results.json"
        if results.exists():
            shutil.copy(results, folder)
        again = f"make flake SEED={self.options.seed} FIRST={plan.number} N=1"
        (folder / "defect").write_text("\n".join([str(plan), again, *problems, ""]))
        print(f"DEFECT in grading {plan.number}: {plan}")
        for problem in problems:
            print(f"  {problem}")
        print(f"  kept in {folder}; again: {again}", flush=True)

    # The whole run.

    def whole(self) -> None:
        end = time.monotonic() + self.options.seconds
        progress = Progress(self.options.number, 0)
        numbers = iter(range(self.options.first, self.options.first + self.options.number))
        running: set[Future] = set()
        with ThreadPoolExecutor(self.options.jobs) as pool:
            for number in numbers:
                if len(running) == self.options.jobs:
                    done, running = wait(running, return_when=FIRST_COMPLETED)
                    progress.clear()
                    for future in done:
                        future.result()
                        progress.add()
                if time.monotonic() > end:
                    break
                running.add(pool.submit(self.grade, self.plan(number)))
            for future in running:
                future.result()
        progress.clear()


def busy_processes() -> list[subprocess.Popen]:
    """One for each processor.  Each ends when this process is gone: its standard input ends."""
    loop = "import os, select\nwhile not select.select([0], [], [], 0)[0]: sum(range(100000))"
    return [
        subprocess.Popen([sys.executable, "-c", loop], stdin=subprocess.PIPE)
        for _ in range(os.cpu_count() or 1)
    ]


def report(options: argparse.Namespace, tally: Tally, seconds: float) -> None:
    print(f"Gradings by mode (seed {options.seed}):")
    for mode, count in sorted(tally.by_mode.items()):
        print(f"  {count:5}  {mode}")
    print(f"{tally.gradings} gradings, {tally.checks} checks, {tally.stops} stops of a process.")
    print(
        f"The longest stop took {tally.longest_stop:.2f} s; gradings again for that: {tally.void}."
    )
    print(f"Notes on mutants (see above): {tally.notes}.")
    print(f"The slowest grading took {tally.slowest:.1f} s: {tally.slowest_plan}.")
    print(f"{seconds:.0f} s in all. Defects: {tally.defects}.")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Gradings under trouble; any that differs counts.")
    parser.add_argument("-n", "--number", type=int, default=200, help="how many gradings (200)")
    parser.add_argument("--first", type=int, default=1, help="the number of the first (1)")
    parser.add_argument("--seed", default=str(random.SystemRandom().randrange(10**6)))
    parser.add_argument("--seconds", type=float, default=1e9, help="begin no more after that time")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="gradings at once")
    parser.add_argument(
        "--labs", type=lambda t: [int(n) for n in t.split(",")], default="1,2,3,4,5"
    )
    parser.add_argument("--only", default="", help="submissions whose name contains this")
    options = parser.parse_args()
    if isinstance(options.labs, str):
        options.labs = list(LABS)
    return options


def main() -> int:
    options = parse()
    print(f"Seed {options.seed}.", flush=True)
    start = time.monotonic()
    flake = Flake(options)
    busy = busy_processes()
    try:
        flake.whole()
    finally:
        for process in busy:
            process.kill()
            process.wait()
        flake.save_expected()
        flake.workshop.close()
    report(options, flake.tally, time.monotonic() - start)
    return 1 if flake.tally.defects else 0


if __name__ == "__main__":
    sys.exit(main())
