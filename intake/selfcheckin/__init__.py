"""Self check-in: the volunteer's own phone through the center's poster code, and the kiosk without an operator.

Registered people only. No page here tells a stranger whether somebody is registered.
"""
