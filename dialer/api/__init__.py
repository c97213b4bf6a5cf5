"""The HTTP API: `app.py` puts it together; `routing.py` says how a handler is declared; one module per resource."""
