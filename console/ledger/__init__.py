"""The centre's append-only ledger of events and its tables.

In: events. Out: sequence numbers, once durable; events by range, interaction, time.
"""
