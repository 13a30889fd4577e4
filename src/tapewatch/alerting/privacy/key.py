"""The key of the hashes; whoever has it can tell which account a hash stands for."""

import os
import secrets
from pathlib import Path
from typing import Final

from tapewatch.sdk.redaction import KEY_VARIABLE
from tapewatch.store.files import sync_folder

KEY_FILE: Final = "privacy.key"
KEY_BYTES: Final = 32


def load_key(folder: Path) -> bytes:
    """
    Return the key: the environment's, which every process of a desk can share, or the folder's.

    The folder's key is made once and can be read by its owner alone.
    """
    given = os.environ.get(KEY_VARIABLE, "").encode()
    if given:
        return given
    path = folder / KEY_FILE
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return _make(path)


def _make(path: Path) -> bytes:
    key = secrets.token_bytes(KEY_BYTES)
    beside = path.with_name(f"{path.name}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(key)
        file.flush()
        os.fsync(descriptor)
    beside.replace(path)
    sync_folder(path.parent)
    return key
