"""Runs a program as a container would see the world: own mounts and processes, read-only root, uid, host name, hosts.

Needs no root, but user, mount and process namespaces (Linux 5.12). The network and what the root holds are the host's.
Usage: python sandbox.py SPECIFICATION.json, with {root, mounts: [{source, target, readOnly}], uid, gid, hostname,
folder, argv, environment, hidden: [...]}; `root` is an empty folder.
"""

import ctypes
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any, NoReturn

CLONE_NEWNS, CLONE_NEWUTS, CLONE_NEWUSER, CLONE_NEWPID = 0x00020000, 0x04000000, 0x10000000, 0x20000000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000
MNT_DETACH, AT_FDCWD, AT_RECURSIVE, MOUNT_ATTR_RDONLY = 2, -100, 0x8000, 1
SYS_PIVOT_ROOT, SYS_MOUNT_SETATTR = (155, 442) if os.uname().machine == "x86_64" else (41, 442)
PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
PROC = "/proc"  # of the container's own processes; its files are written to below, so it stays writable

FORWARDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR2)

libc = ctypes.CDLL(None, use_errno=True)


def main(specification: dict[str, Any]) -> int:
    """Return the program's exit status. It is process 1 of its container: with it, all others end."""
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    _enter_user_namespace(CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWPID, 0, 0)
    signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)  # until there is somebody to forward to
    program = os.fork()
    if program == 0:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        _become(specification)
    for each in FORWARDED:
        signal.signal(each, lambda number, frame: os.kill(program, number))
    signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
    _, status = os.waitpid(program, 0)
    code = os.waitstatus_to_exitcode(status)
    return code if code >= 0 else 128 - code


def _become(specification: dict[str, Any]) -> NoReturn:
    """The program takes this process's place."""
    root = specification["root"]
    # The root mirrors the host's, so where links lead is the same; followed there, they would lead out of it.
    mounts = [{**each, "target": os.path.realpath(each["target"])} for each in specification["mounts"]]
    _mount("none", "/", MS_REC | MS_PRIVATE)
    _call("mount", libc.mount(b"tmpfs", root.encode(), b"tmpfs", 0, b"mode=755"))
    targets = [each["target"] for each in mounts]
    for name in sorted(os.listdir("/")):
        _show(f"/{name}", root, targets, specification["hidden"])
    for each in mounts:
        _make_mount_point(root + each["target"], Path(each["source"]).is_dir())
    _make_read_only(root)
    _call("mount /proc", libc.mount(b"proc", (root + PROC).encode(), b"proc", 0, None))
    for each in sorted(mounts, key=lambda each: str(each["target"])):
        _make_mount_point(root + each["target"], Path(each["source"]).is_dir())  # below another one
        _mount(each["source"], root + each["target"], MS_BIND | MS_REC)
        if each["readOnly"]:
            _make_read_only(root + each["target"])
    os.chdir(root)
    _call("pivot_root", libc.syscall(SYS_PIVOT_ROOT, b".", b"."))
    _call("umount2", libc.umount2(b".", MNT_DETACH))
    os.chdir(specification["folder"])
    name = specification["hostname"].encode()
    _call("sethostname", libc.sethostname(name, len(name)))
    # What is not root here loses every capability at exec, as a container that drops ALL.
    _enter_user_namespace(0, specification["uid"], specification["gid"])
    libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, FORWARDED)
    argv = specification["argv"]
    try:
        os.execvpe(argv[0], argv, specification["environment"])
    except OSError as error:
        sys.exit(f"sandbox: {argv[0]}: {error.strerror}")


def _enter_user_namespace(others: int, uid: int, gid: int) -> None:
    outer_uid, outer_gid = os.geteuid(), os.getegid()
    _call("unshare", libc.unshare(CLONE_NEWUSER | others))
    for name, text in (
        ("setgroups", "deny"),
        ("uid_map", f"{uid} {outer_uid} 1"),
        ("gid_map", f"{gid} {outer_gid} 1"),
    ):
        Path(f"/proc/self/{name}").write_text(text)


def _show(path: str, root: str, targets: list[str], hidden: list[str]) -> None:
    """Bind what the host has at `path`; where something new is mounted below, its children one by one."""
    here = root + path
    below = [each for each in targets if each.startswith(path + "/") and not os.path.exists(each)]
    if os.path.islink(path):
        os.symlink(os.readlink(path), here)
    elif path == PROC or path in hidden or path in targets:
        os.makedirs(here, exist_ok=True)
    elif not os.path.isdir(path):
        Path(here).touch()
        _mount(path, here, MS_BIND)
    elif below:
        os.mkdir(here)
        for name in os.listdir(path):
            _show(f"{path}/{name}", root, targets, hidden)
    else:
        os.mkdir(here)
        _mount(path, here, MS_BIND | MS_REC)


def _make_mount_point(path: str, is_folder: bool) -> None:
    if is_folder:
        os.makedirs(path, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        if not os.path.exists(path):
            Path(path).touch()


def _mount(source: str, target: str, flags: int) -> None:
    _call(f"mount {source} {target}", libc.mount(source.encode(), target.encode(), None, flags, None))


def _make_read_only(path: str) -> None:
    attributes = (ctypes.c_uint64 * 4)(MOUNT_ATTR_RDONLY, 0, 0, 0)
    size = ctypes.sizeof(attributes)
    done = libc.syscall(SYS_MOUNT_SETATTR, AT_FDCWD, path.encode(), AT_RECURSIVE, ctypes.byref(attributes), size)
    _call(f"mount_setattr {path}", done)


def _call(what: str, result: int) -> None:
    if result != 0:
        sys.exit(f"sandbox: {what}: {os.strerror(ctypes.get_errno())}")


if __name__ == "__main__":
    sys.exit(main(json.loads(Path(sys.argv[1]).read_text())))
