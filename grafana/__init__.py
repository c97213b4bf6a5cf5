"""Dashboards as code, and their output."""
