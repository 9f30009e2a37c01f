"""Residents ask for a call back from their own phone, and answer by a link: confirm, correct, withdraw.

What they say is a need like any other, unconfirmed until somebody has phoned. No account, no promise.
"""
