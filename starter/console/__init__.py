"""The console: what people at work see in a browser, in Chinese and English.

Server-rendered, usable without JavaScript. A page reads and gives commands through the same desks and read models as
the API; it has no rule of its own. `docs/console.md` says how a page is added.
"""
