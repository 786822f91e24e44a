"""Small parts that both windows are built from: icons, labels, buttons, badges, notices, words.

In: the theme's tokens and plain values. Out: widgets and signals; no room, service or fact is known here.
"""
