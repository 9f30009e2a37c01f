"""What every part may use and what uses none of them: refusals, settings, Japanese text, cards, QR symbols.

No models, no requests, no clock. If it needs a database row, it belongs elsewhere.
"""
