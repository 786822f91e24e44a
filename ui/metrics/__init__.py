"""The supervisors' wallboard: queues, agents, graphs and the callers who left, live.

In: board snapshots from a service, the clock, the theme. Out: pixels, and how long they took.
"""
