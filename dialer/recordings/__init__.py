"""Recordings of calls: told by the carrier, fetched before it deletes them, kept in a folder or a bucket.

`records` says what a recording is and when it is tried again (no I/O). `storage` keeps the sound, by one library for
disk and S3. `claims` and `fetching` are what the workers do. The catalogue itself is a part of the store
(`dialer/store/recordings.py`).
"""
