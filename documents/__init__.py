"""Documents that people read: reports as HTML, PDF, XLSX and JSON, and the tables of answers that they hand in.

Formats only: what a report says is decided in `domain`; knows no process, no database and no protocol.
"""
