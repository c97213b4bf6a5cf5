"""The Grafana dashboards as code; `python -m grafana` writes their files anew. Its README tells where is what."""
