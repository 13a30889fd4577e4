"""
What everything speaks: labels, matchers, samples, histograms, records, spans, time.

Values here are frozen and know nothing of storage, bytes or queries; those live in the parts
below. Only the standard library is imported (RE2 through one seam, ``regex``), so a trading
process can afford this part. Read ``labels.py`` first.
"""
