"""The region of these tests is private memory: nothing is left in the machine's shared memory."""

import os

os.environ.setdefault("TAPEWATCH_REGION", "off")
