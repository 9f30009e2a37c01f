"""Entry point: first page, set-up, opening and closing, sites, staff and devices. Reads everything below."""
