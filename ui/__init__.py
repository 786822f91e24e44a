"""The windows: the agent's desk and the wallboard. No engine, no database, no network here.

In: services as narrow Protocols, and facts from the bus. Out: what a person clicked or typed, to services.
"""
