"""The centre's voice switch: where customers' calls arrive, wait, and are bridged to agents.

In: commands (ring, play, hang up ...). Out: facts about interactions, which the centre appends to the ledger.
"""
