"""The web role: unsubscribe links, files, health and metrics."""
