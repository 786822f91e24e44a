"""The desk's call history in SQLite: what happened, when, with whom, how long, how well.

In: call facts from the bus, notes from the agent. Out: rows, search, exports.
"""
