"""What a leader tells the center from outside, besides the facts of the dispatch: SOS, injury, near miss, more time,
people or tools, further work that was asked for, photos. Each waits for a person's answer, which the leader sees."""
