"""
What is wrong with a catalog although it can be read.

Each check looks for one mistake that people make and nobody sees: a threshold above the largest
bucket, a ratio that divides a series by itself. It has a code, a reason and an example of both, and
those examples are its tests. Nothing here changes a catalog. Read ``check.py`` first.
"""
