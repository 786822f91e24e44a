"""The settings on the screen, made from the declaration of the options.

In: the desk's settings and the sound devices there are. Out: changed settings, and the telephone password.
"""
