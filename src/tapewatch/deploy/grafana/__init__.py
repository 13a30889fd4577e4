"""Dashboards in Grafana's classic form, generated from pages by intent. Read ``dashboard.py``."""
