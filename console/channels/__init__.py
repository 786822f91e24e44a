"""Media by which customers reach the centre; voice today, one file a medium later.

In: what the medium brings. Out: interaction facts.
"""
