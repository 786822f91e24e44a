"""The agent's phone: live calls on a SIP engine, sound through a port, quality by the E-model.

In: commands (dial, answer, hold ...) and the engine's events. Out: call facts on the bus.
"""
