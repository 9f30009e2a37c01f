"""現地調査: who goes to see which house, when and in what order; what they found; and the estimate that becomes work
items. What a tablet tells is a fact (`reports.py`): it is kept, also when it is late or the second of its kind."""
