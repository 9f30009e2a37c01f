"""Visit: arrive, be briefed, leave, correct. Facts are kept even when they are late or odd."""
