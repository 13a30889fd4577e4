"""
OTLP: what OpenTelemetry's SDKs and collectors send.

``messages`` declares the messages, ``json_form`` reads their JSON form into the same shape as the
binary one, ``names`` turns OpenTelemetry's names into Prometheus' by one of four strategies, and
``metrics`` turns an export of metrics into samples. Read ``metrics.py`` first.
"""
