"""Runs of the center's vehicles with stops and seats (送迎), dump sites and how long one waits there. A vehicle that goes
with a team is the team's (teams.Ride)."""
