"""PURE: Problem -> Plan. Decides who goes where, checks every plan, and says why.

No Django, no clock, no rows: times are minutes after midnight, distances km, money nowhere.
Rows become a Problem in matching.proposals; this package knows only the dataclasses of model.py.
"""
