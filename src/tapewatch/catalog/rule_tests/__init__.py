"""
Tests of rules: series in, alerts and values out, in promtool's format.

A file runs on the embedded engine with the very state machine that runs alerts, and gives the same
verdict as ``promtool test rules``. A second YAML document, which promtool does not read, tests what
promtool cannot: pending alerts, channels, silences, calendars. Read ``format.py`` first.
"""
