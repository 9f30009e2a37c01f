"""The briefing before people go out: sessions, their checklist, the code on the screen, and who heard it.

Whether somebody may leave is `checkin`'s business; here stands which session they attended, and how that was marked.
"""
