"""What a tablet can do off-line: operations, receipts, snapshot. Rules live in the apps it calls."""
