"""The WSGI application that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application

from dvc.core.garbage import between_requests

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dvc.settings")

application = between_requests(get_wsgi_application())
