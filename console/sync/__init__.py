"""The link between desk and centre: one websocket, and an outbox that loses nothing.

In: the centre's frames, records to deliver. Out: agent view, board frames, link state.
"""
