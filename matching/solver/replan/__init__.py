"""A plan follows the morning in milliseconds: `around` says what a change is about, `slate` keeps the arrays, `machine` and
`repair` change the plan there and nowhere else, `session` holds it all between two events."""
