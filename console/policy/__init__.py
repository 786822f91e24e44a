"""Settings from one place: whose value of an option holds, and where it came from.

In: the machine's policy, what was provisioned, the user's file. Out: resolved settings with their origins.
"""
