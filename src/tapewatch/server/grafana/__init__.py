"""
Dashboards of Grafana as ours: what the console can draw of them, and a word on what it cannot.

``dashboard`` reads the file, lays its panels into rows and takes its variables; ``panel`` turns one
panel; ``query`` its expressions; ``look`` has units, colours and thresholds; ``kept`` keeps what
was read beside the data. Nothing in a file is believed: what is not understood is left out, told.
"""
