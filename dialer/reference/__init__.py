"""The reference of the API: Swagger UI over `/openapi.json`, served by `dialer/api/page.py` as it lies here."""
