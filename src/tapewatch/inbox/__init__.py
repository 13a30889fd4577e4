"""
The inbox: a place on this machine that takes messages in the stead of Slack, PagerDuty and others.

It answers as those services do, checks each message against what they document, and shows it on one
page. It keeps messages in memory and tells nobody. Begin with ``box.py``; ``readers/`` has one
module for each service, ``web.py`` the addresses, ``smtp.py`` the mail.
"""
