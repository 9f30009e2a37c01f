"""Starting, watching and stopping the center's processes, and the answer to "is all of it up?".

Nothing here knows people, needs or teams.
"""
