"""Form a team, name its leader, join, release."""
