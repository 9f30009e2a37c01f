"""Island mode: this laptop serves the tablets over its own Wi-Fi, with no internet (`manage.py up --lan`).

The local authority and the server's certificate, the pages that help a tablet trust it, and the unencrypted line
for devices that cannot. Knows nothing of people, needs or teams.
"""
