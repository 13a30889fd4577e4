"""
What keeps the house: set-up scripts and the generated reference pages.

Nothing here is installed with the package. Read the Makefile for who calls what.
"""
