"""Steps that are done once: a stamp in a folder says what went into it."""

import hashlib
import shutil

STAMP = ".stamp"


def fingerprint(*parts):
    """Return a short key that changes when one of ``parts`` does."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


def fingerprint_of(folder, skip=()):
    """Return a short key that changes when a file below ``folder`` does."""
    digest = hashlib.sha256()
    for path in sorted(_files(folder, {"__pycache__", *skip})):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(folder)} {content}\n".encode())
    return digest.hexdigest()[:12]


def _files(folder, skip):
    # Not rglob: it stops at links to folders, and addons are made of them.
    for path in folder.iterdir():
        if path.name in skip or path.name.startswith("."):
            continue
        if path.is_dir():
            yield from _files(path, skip)
        elif path.is_file():
            yield path


def is_current(folder, key):
    """Return whether ``folder`` was made, to its end, from what ``key`` stands for."""
    stamp = folder / STAMP
    return stamp.is_file() and stamp.read_text() == key


def mark(folder, key):
    """Say that ``folder`` is made."""
    (folder / STAMP).write_text(key)


def build(folder, key, fill):
    """Have a folder, made as a whole or not at all: ``fill`` gets another to fill."""
    if is_current(folder, key):
        return
    aside = folder.with_name(f"{folder.name}.unfinished")
    remove(aside)
    aside.mkdir(parents=True)
    fill(aside)
    mark(aside, key)
    remove(folder)
    aside.rename(folder)


def remove(folder):
    """Remove a folder with all that is in it, if it is there."""
    if folder.exists():
        shutil.rmtree(folder)
