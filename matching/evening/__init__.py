"""The end of a day: who and what is not back yet across reception, teams, paper, loans and cars (the ledger), closing the
day, and the exceptions it was closed with. What is missing is settled where it belongs, never here."""
