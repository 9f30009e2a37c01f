"""One file with all of a center, written every ten minutes, sealed, and put on a second medium.

What is in a backup and when it counts stands here; what that promises to tablets is said in `dvc.sync.marks`.
"""
