"""The tablets' control desk: the dispatch board with what waits and what is offered, recalls, overdue teams, weather.
Mostly reads of everything in matching; the rules stand in `matching.safety` and `matching.dispatch`."""
