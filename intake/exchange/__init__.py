"""Needs, residents and volunteers in, needs out, as CSV and workbooks: import (look, map, check, take in, undo) and export.

A rule about a need or a person is not here but with the need or the person.
"""
