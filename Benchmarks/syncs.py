"""The page of memory shared with Sources/syncs: how often the disk was asked to sync, and whether it is spared that."""

import mmap
import struct
from contextlib import contextmanager

from settings import SYNCS


class Syncs:
    def __init__(self, folder):
        self.path = f"{folder}/syncs"
        with open(self.path, "wb+") as file:
            file.write(bytes(mmap.PAGESIZE))
            file.flush()
            self.memory = mmap.mmap(file.fileno(), mmap.PAGESIZE)

    @property
    def environment(self):
        """For the process that writes to the disk."""
        return {"LD_PRELOAD": str(SYNCS), "SYNCS": self.path}

    @property
    def count(self):
        return struct.unpack_from("=Q", self.memory, 0)[0]

    @contextmanager
    def skipped(self):
        """Within it every sync returns at once, as with `synchronous=OFF`."""
        struct.pack_into("=Q", self.memory, 8, 1)
        try:
            yield
        finally:
            struct.pack_into("=Q", self.memory, 8, 0)
