"""A whole call centre at work on one machine: switch, centre, robot customers and agents, over real SIP and
RTP.

In: how long, how many, which seed. Out: progress lines, and books that balance.
"""
