"""
Expositions: what a target answers to a scrape, and what our own ``/metrics`` says.

* ``reader.ScrapeReader`` reads the same target again and again; a scrape whose lines are those of
  the scrape before costs little more than comparing bytes and reading numbers.
* ``grammar`` says what a line may look like in the text format and in OpenMetrics.
* ``writer`` and ``form`` answer a scrape; ``escape`` writes names for readers without UTF-8.
* ``protobuf`` reads and writes the delimited binary form, the only one with native histograms.

Read ``grammar.py`` first, then ``reader_pure.py``.
"""

from tapewatch.wire.exposition.form import Form, negotiate
from tapewatch.wire.exposition.writer import write

__all__ = ["Form", "negotiate", "write"]
