"""Center, Site, Operation and its mode (ordinary, drill, disaster): opening, closing, history."""
