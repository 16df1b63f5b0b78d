"""The sandbox: whether it can be had here, and what to do where it cannot."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path

import contained
from results import Json

# An ordinary user without a name, for root to become. No account has these numbers by custom:
# adduser(8) ends at 59999, systemd's own users begin at 61184 and end at 65519.
FIRST_UID = 60600
LAST_UID = 60999

NONE_TEXT = (
    "No sandbox: the submissions were compiled and run with the rights of the one who graded them."
)
WALLS_TEXT = (
    "Each submission was compiled and run in bubblewrap, in user, PID, mount, network, UTS and IPC"
    " namespaces of its own, without capabilities and without a network."
)


class NoSandbox(Exception):
    """The sandbox cannot be had; the text says why, and how to get it."""


def described(sandboxed: bool) -> Json:
    """The entry `isolation` of results.json."""
    if sandboxed:
        return {"level": "bubblewrap", "text": WALLS_TEXT}
    return {"level": "none", "text": NONE_TEXT}


def _has_name(uid: int) -> bool:
    try:
        pwd.getpwuid(uid)
    except KeyError:
        return False
    return True


def ordinary_user() -> int | None:
    """The uid and gid to become; None for one who is an ordinary user already.

    With sudo it is the user who called it. Otherwise the first number of a range that no account
    has and no process, so that nobody else's processes can be signalled.
    """
    if os.geteuid() != 0:
        return None
    caller = os.environ.get("SUDO_UID", "")
    if caller.isdigit() and int(caller) != 0:
        return int(caller)
    busy = set()
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                busy.add(entry.stat().st_uid)
            except OSError:
                continue  # it has ended
    for uid in range(FIRST_UID, LAST_UID + 1):
        if uid not in busy and not _has_name(uid):
            return uid
    raise NoSandbox(
        f"There is no free user number from {FIRST_UID} to {LAST_UID} for root to become."
        " Run this as an ordinary user."
    )


def become(uid: int) -> None:
    """For good."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)


def _sysctl(name: str) -> str:
    try:
        return Path("/proc/sys", *name.split(".")).read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _remedy(said: str) -> str:
    if _sysctl("kernel.apparmor_restrict_unprivileged_userns") == "1":
        return (
            "Ubuntu's AppArmor forbids user namespaces here. Allow them (on a runner of GitHub"
            " Actions in a step of its own):\n"
            "  sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
        )
    if _sysctl("kernel.unprivileged_userns_clone") == "0":
        return (
            "User namespaces are turned off here. Turn them on:\n"
            "  sudo sysctl -w kernel.unprivileged_userns_clone=1"
        )
    if "seccomp" in said:
        return (
            "This kernel has no filters of system calls, or the grader does not know this kind of"
            " machine (grader/lib/filter.c). Use x86-64, arm64 or riscv64 with Debian's or Ubuntu's"
            " kernel."
        )
    if "max_" in said or _sysctl("user.max_user_namespaces") == "0":
        return (
            "No further user namespace may be made here. Raise the limit, or leave the sandbox that"
            " this runs in:\n  sudo sysctl -w user.max_user_namespaces=15000"
        )
    if Path("/.dockerenv").exists() or Path("/run/.containerenv").exists():
        return (
            "This is a container, and its settings forbid namespaces. Start it with\n"
            "  docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined"
            " --security-opt systempaths=unconfined ...\n"
            "(podman run: --security-opt unmask=ALL instead of the last one)."
        )
    return "Use another machine or a virtual machine, on which `bwrap --unshare-all` works."


def require_sandbox(course: Path, environment: dict[str, str]) -> None:
    """Tries it as it will be used. Raises NoSandbox where that fails."""
    if not shutil.which("bwrap"):
        raise NoSandbox("The sandbox needs bubblewrap, which is not installed. Type: ./setup class")
    run = subprocess.run(
        [course / "build/shmlab", "sandbox"],
        cwd=course,
        env=environment,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if run.returncode != 0:
        said = (run.stdout.strip() or run.stderr.strip() or "(no message)").splitlines()[-1]
        raise NoSandbox(f"The sandbox cannot be made: {said}\n{_remedy(said)}")
    if not contained.walls():
        raise NoSandbox(f"Archives cannot be read in a sandbox here.\n{_remedy('')}")
