"""Stands before scikit-learn in the processes that tests start: an installation does not have it, only tests do.

river loads all of it where it is there, which costs every process a third of a second and nobody uses.
"""

raise ImportError("scikit-learn is for the tests' own comparisons; an installation does not have it")
