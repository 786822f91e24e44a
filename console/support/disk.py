"""What a disk refuses, in words."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from console.domain.errors import StoreError


@contextmanager
def disk_faults(what: str) -> Iterator[None]:
    """Raise StoreError, which begins with `what`, for an OSError in here."""
    try:
        yield
    except OSError as fault:
        full = fault.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
        words = "the disk is full: make room and try again" if full else str(fault)
        raise StoreError(f"{what}: {words}. Nothing was left half done.") from fault
