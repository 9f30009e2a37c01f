"""What a team or a person has of the center's tools: lent, given back, still missing. Stock and cards are in equipment."""
