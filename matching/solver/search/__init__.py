"""The search: a drawing made whole, then simulated annealing over whole plans, compiled. `arrays` writes a problem as
arrays, `rows` says what one team is worth. Moves: of units in `people`, needs in `visits`, the center's vehicles in
`vehicles`; `rebuild` has the compound ones, out of the steps in `building` and with the way back in `undo`. `writing` puts
a changed team into the plan, `picks` draws at random. `anneal` goes on moving, `run` and `plan` lead it all from Python."""
