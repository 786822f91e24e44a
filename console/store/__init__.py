"""The desk's database: one write thread, migrations as a list of functions.

In: functions to run on the database. Out: their results.
"""
