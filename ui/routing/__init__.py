"""The agent's place in the centre: the state switch, who waits in the agent's queues, and wrap-up.

In: the centre's views of the agent, as values. Out: signals that say which state, outcome or note is wanted.
"""
