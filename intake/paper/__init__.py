"""Working on paper while nothing else works: numbered sheets that are counted out and in, lists, and keying in.

An app of its own and not part of `checkin`: periods, sheets and lines are records that outlive the visits they became.
"""
