"""What keeps a wheel from being built, in words for the person at the terminal."""


class BuildFault(Exception):
    """Its text says what happened and what to do; build.py prints it and ends with 1."""
