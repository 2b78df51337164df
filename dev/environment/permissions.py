"""Messages about a file to which the system refuses access."""

import os
import pwd
import stat
from pathlib import Path


def user_name(uid):
    """Return the name of a user, or the number of one without a name."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def explain(error):
    """Say which file or folder is in the way, whose it is, and what to do.

    :param error: a ``PermissionError``
    :return: a sentence or two
    """
    if not isinstance(error.filename, (str, bytes)):
        return f"The system refuses this: {error.strerror}."
    path = Path(os.fsdecode(error.filename)).absolute()
    obstacle = _obstacle(path)
    owner = obstacle.lstat().st_uid
    mode = stat.filemode(obstacle.lstat().st_mode)
    us = user_name(os.geteuid())
    remedy = f"change the rights on {obstacle}"
    if owner != os.geteuid():
        remedy = f"run this as {user_name(owner)}, or {remedy}"
    return (
        f"The user {us} may not use {path}: {obstacle} belongs to "
        f"{user_name(owner)} and has the mode {mode}. To go on, {remedy}."
    )


def _obstacle(path):
    """Return the first folder above a path that shuts us out, or the path itself."""
    for folder in reversed(path.parents):
        if not os.access(folder, os.X_OK, effective_ids=True):
            return folder
    return path if os.path.lexists(path) else path.parent
