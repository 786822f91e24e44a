"""The values everything speaks in: frozen, pure, without input or output.

In: nothing but the standard library's types and msgspec. Out: events, calls, agents, queues, figures, errors.
"""
