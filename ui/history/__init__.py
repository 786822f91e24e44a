"""The call history on the screen: a list of thousands, search, notes, export.

In: rows of the desk's history, by the page. Out: whom to call back, what was noted, what to export.
"""
