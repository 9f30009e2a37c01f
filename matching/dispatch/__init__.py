"""Work order, departure gate, lease of a need, report from the field, return."""
