"""What keeps everybody safe outside: recalls, danger zones, heat and weather rules, how overdue is overdue. Facts and rules
about teams; which house a team is at is `matching.dispatch`'s, and the screens are `matching.control`'s."""
