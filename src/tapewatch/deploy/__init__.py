"""
Rendering a catalog for the engines that others run.

What comes out is a folder of files, by path; nothing here touches a disk or a network. The same
catalog gives the same bytes, so a rendering can be kept in git and its changes read. Read
``rendering.py`` first.
"""
