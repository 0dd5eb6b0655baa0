"""Files that survive a power cut, and are never half there."""

from __future__ import annotations

import os
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, and stays.

    Raises:
        OSError: where it can't be written; nothing is left behind.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with fresh.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def append_line(path: Path, line: str) -> None:
    """Add a line at a file's end, and see it safely on the disk.

    A line that a power cut left without its end is closed first.

    Raises:
        OSError: where it can't be written.
    """
    is_new = not path.exists()
    with path.open("a+b") as file:
        if file.tell():
            file.seek(-1, os.SEEK_END)
            if file.read(1) != b"\n":
                file.write(b"\n")
        file.write(f"{line}\n".encode())
        file.flush()
        os.fsync(file.fileno())
    if is_new:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """See the names in a folder safely on the disk; Git itself never does."""
    _sync(folder, os.O_RDONLY)


def sync_file(path: Path) -> None:
    """See a file safely on the disk; Git before 2.36 does not sync its refs."""
    if path.is_file():
        _sync(path, os.O_RDWR)


def _sync(path: Path, flags: int) -> None:
    if os.name == "nt" and path.is_dir():
        return  # Windows has no such thing
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
