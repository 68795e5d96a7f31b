"""The mails and pages: Jinja2 templates, stylesheet and gettext catalogues, as package data."""
