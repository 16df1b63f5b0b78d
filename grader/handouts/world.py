"""A fresh world for an experiment: namespaces of its own, through bubblewrap.

When the player ends, by whatever cause, the kernel ends all processes of the world, and
with the namespaces go their segments and files: nothing is ever left to clean up.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
HOME = "/home/student"
COURSE = f"{HOME}/shmlab"

PASSWD = b"root:x:0:0:root:/root:/bin/sh\nstudent:x:1000:1000::/home/student:/bin/bash\n"
GROUP = b"root:x:0:\nstudent:x:1000:\n"


class NoWorld(Exception):
    """This machine refuses the namespaces."""


def skeleton(path: Path, mode: str) -> bytes:
    """A solution without its markers, or the skeleton that is made from it."""
    tool = ROOT / "grader/tools/skeleton.awk"
    return subprocess.run(
        ["awk", "-v", f"mode={mode}", "-f", tool, path], check=True, stdout=subprocess.PIPE
    ).stdout


def data_file(content: bytes) -> int:
    descriptor = os.memfd_create("data")
    os.write(descriptor, content)
    os.lseek(descriptor, 0, os.SEEK_SET)
    return descriptor


class World:
    """One world, and the stage program in it.  Use it in a `with` statement."""

    def __init__(self, code: str = "solution", fresh: bool = False) -> None:
        """`code`: whose code stands in labs/: solution, skeleton, or mine (as it is)."""
        self.files: list[int] = []
        command = self.command(code) + (["fresh"] if fresh else [])
        try:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                pass_fds=self.files,
                start_new_session=True,  # Ctrl-C at our terminal is not for the world
            )
        except FileNotFoundError as error:
            raise NoWorld("bubblewrap is not installed; ./setup installs it") from error
        finally:
            for file in self.files:
                os.close(file)
        assert self.process.stdout and self.process.stderr
        if not self.process.stdout.readline():
            said = self.process.stderr.read().strip().splitlines() or ["it said nothing"]
            self.close()
            # What bwrap refuses is the machine's matter; all else is a mistake of ours.
            if said[-1].startswith("bwrap:"):
                raise NoWorld(said[-1])
            raise SystemExit(f"The world of an experiment could not be made: {said[-1]}")

    def command(self, code: str) -> list[str]:
        # bwrap obeys its options in their order.
        words = "bwrap --unshare-user --uid 1000 --gid 1000 --unshare-ipc --unshare-pid".split()
        words += "--unshare-net --unshare-uts --hostname shmlab --cap-drop ALL".split()
        words += "--die-with-parent --ro-bind / / --dev /dev --proc /proc".split()
        words += "--ro-bind /proc/sys /proc/sys --tmpfs /tmp --tmpfs /run --tmpfs /home".split()
        words += ["--dir", HOME, "--ro-bind", str(ROOT), COURSE]
        words += ["--ro-bind", str(ROOT / "build"), "/run/shmlab/build"]
        words += ["--tmpfs", f"{COURSE}/build"]
        if code != "mine":
            for path in sorted((ROOT / "solutions").glob("*/*.c")):
                place = f"{COURSE}/labs/{path.parent.name}/{path.name}"
                words += self.data(skeleton(path, code), place)
        words += self.data(PASSWD, "/etc/passwd") + self.data(GROUP, "/etc/group")
        words += ["--chdir", COURSE]
        return [*words, "/usr/bin/python3", "-B", f"{COURSE}/grader/handouts/stage.py"]

    def data(self, content: bytes, place: str) -> list[str]:
        self.files.append(data_file(content))
        return ["--ro-bind-data", str(self.files[-1]), place]

    def ask(self, do: str, terminal: str = "", text: str = "") -> dict[str, Any]:
        assert self.process.stdin and self.process.stdout
        request = {"do": do, "terminal": terminal, "text": text}
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            said = self.process.stderr.read() if self.process.stderr else ""
            raise RuntimeError(f"The stage of the experiment ended: {said.strip()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        self.process.kill()
        self.process.communicate()

    def __enter__(self) -> World:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
