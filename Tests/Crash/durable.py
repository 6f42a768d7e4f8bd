"""What a file holds after a power cut."""

import os

# Where a database stands that is made after a cut, and thrown away once it was asked.
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else "/tmp"


class File:
    """Its durable bytes, and the writes that no sync has covered yet."""

    def __init__(self, durable=b""):
        self.durable, self.written = bytearray(durable), []

    def write(self, call):
        assert len(call.data) == call.result, f"the trace does not show all of a write of {call.result} bytes"
        self.written.append(call)

    def truncate(self, length):
        """Losing bytes is the worse case, so it counts at once."""
        del self.durable[length:]

    def sync(self, call):
        """Covers what was written before it began."""
        covered = [write for write in self.written if write.ended <= call.began]
        self.written = [write for write in self.written if write.ended > call.began]
        for write in covered:
            end = write.offset + len(write.data)
            self.durable.extend(bytes(max(0, end - len(self.durable))))
            self.durable[write.offset:end] = write.data
