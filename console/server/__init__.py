"""The centre's HTTP and websocket face: sign-in, REST, live fan-out, health, metrics.

In: requests and frames. Out: answers, snapshots, deltas.
"""
