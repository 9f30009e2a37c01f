"""The short questions of the day (今日の質問): what an operation asks whoever arrives, and what people said.

Only what the operation asks is asked. What keeps somebody from going out for it stands here; the arrival never waits.
"""
