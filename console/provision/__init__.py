"""Provisioning: what the centre gives a desk after sign-in, and links that bring settings.

In: the centre's rules and its agents; links and trusted keys. Out: values for the layer below the user's.
"""
