"""Figures: pure folds over the ledger's events, live and afterwards the same.

In: events. Out: snapshots, deltas, service levels, intervals.
"""
