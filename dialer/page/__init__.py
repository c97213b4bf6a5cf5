"""The operator page: HTML, a stylesheet and ES modules, served by `dialer/api/page.py` as they lie here."""
