"""
What each service of a desk says in a step: one function for each thing that can be told of.

A voice reads the scene (what happened in this step) and tells it by the metrics of the packs; it
decides nothing and draws only from its own generator. ``scene.py`` says what there is to read; the
base packs' voices have their packs' names, and each platform has a module of its own.
"""
