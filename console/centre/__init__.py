"""The centre's composition root: ledger, router, board, switch and server made one.

In: settings. Out: a running centre; every fact is durable in the ledger before anybody acts on it.
"""
