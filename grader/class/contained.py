"""Runs a program that reads what a stranger wrote: with nothing to read besides, and no network.

Where bubblewrap can be had the program sees /usr and the files that it is given, read-only, in
namespaces of its own, with the limits below. Elsewhere the limits are all.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

_LIMITS = "prlimit --cpu=120 --as=1073741824 --core=0 --".split()

_WALLS = (
    "bwrap --unshare-all --die-with-parent --new-session --cap-drop ALL --clearenv"
    " --setenv PATH /usr/bin --setenv LANG C.UTF-8 --ro-bind /usr /usr --symlink usr/bin /bin"
    " --symlink usr/lib /lib --symlink usr/lib64 /lib64 --symlink usr/sbin /sbin --dev /dev"
    " --tmpfs /tmp --chdir /tmp"
    " --ro-bind-try /etc/fonts /etc/fonts --ro-bind-try /var/cache/fontconfig /var/cache/fontconfig"
    " --ro-bind-try /etc/ld.so.cache /etc/ld.so.cache"
).split()


@cache
def walls() -> tuple[str, ...]:
    """The beginning of a command line; empty where there is no sandbox."""
    try:
        tried = subprocess.run([*_WALLS, "true"], capture_output=True, check=False)
    except OSError:
        return ()
    return tuple(_WALLS) if tried.returncode == 0 else ()


def command(program: Sequence[str], reads: Sequence[Path]) -> list[str]:
    """The command line of a program that reads those files, which keep their paths."""
    begin = [*_LIMITS, *walls()]
    for path in reads if walls() else ():
        begin += ["--ro-bind", str(path), str(path)]
    return [*begin, *program]
