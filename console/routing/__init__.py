"""The ACD: which interaction goes to which agent, and when.

In: ledger events. Out: offers and the other facts that routing brings about, as events.
"""
