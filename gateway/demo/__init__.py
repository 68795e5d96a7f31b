"""`make demo`: the main job on real mails in a temporary folder, told as it happens.

Nothing here is known to the gateway: the demo starts it as its users do, and speaks to it by SMTP and its command line.
"""
