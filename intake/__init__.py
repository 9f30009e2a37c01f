"""What comes in through the door, by phone and from the web: people, requests, volunteers, arrivals."""
