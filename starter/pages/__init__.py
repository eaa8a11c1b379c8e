"""Pages for people: the public ones for customers and partners, and the look that all pages share.

Server-rendered, without JavaScript, in Chinese and English. A page reads and gives commands through the same desks as
the API; it has no rule of its own.
"""
