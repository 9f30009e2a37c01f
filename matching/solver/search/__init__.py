"""The search: simulated annealing over whole plans, compiled. `arrays` writes a problem as arrays, `rows` says what one
team is worth, `moves` changes a plan, `anneal` goes on changing it, `run` leads it all from Python."""
