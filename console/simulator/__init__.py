"""A centre in virtual time: the real router and the real fold under customers and agents made of chance.

In: a scenario (TOML) and a seed. Out: the fold's figures with confidence intervals, a variant beside another.
"""
