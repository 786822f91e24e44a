"""The agent's window: its frame, sign-in, connection in words, shortcuts; here the rooms are joined.

In: services, the bridge's signals, words and look. Out: one window, and the wish for the wallboard.
"""
