"""Keeping it healthy: backups of a centre, bundles for support, crash reports, and the look for updates.

In: a running centre's data, logs, faults, a signed list of versions. Out: files, for a person to decide on.
"""
