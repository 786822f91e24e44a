"""The phone on the screen: dial field, call cards, keypad, transfer.

In: the live calls as values, and a phone to ask. Out: what the person wants done with which call.
"""
