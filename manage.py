#!/usr/bin/env python
"""Django's command line for this project; `manage.py up` starts the whole center."""

import gc
import os
import sys

# A start makes a few hundred thousand objects that stay. Looked through for garbage as often as Python would, they cost a
# sixth of every start; a web process has its own rule (dvc.core.garbage).
gc.set_threshold(20_000, 10, 10)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dvc.settings")
    from dvc.core.env import WrongSetting

    try:
        import dvc.settings  # noqa: F401 - read here, so that a wrong value is one sentence
    except WrongSetting as error:
        sys.exit(str(error))
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
