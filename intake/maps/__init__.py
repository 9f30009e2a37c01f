"""The map for the staff: requests by state, and notes anybody on the staff may put on it (災害地図メモ). Who has no need
for the pin of a house sees it at the middle of its 町丁目."""
