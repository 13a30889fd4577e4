"""
Drills: let something go wrong on the floor, and see who is told, when, and of what else.

``stage.py`` runs a pack's rules, routes and channels beside the floor on a clock of its own;
``live.py`` does the same on the machine's clock with the processes that people run. Read
``plan.py`` first: it says which faults are let loose beside each other, and what they must set off.
"""
