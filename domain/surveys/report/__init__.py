"""The report of a survey as data: sections of figures, tables and charts in Chinese and English, rounded once.

Owns what the report says; `documents` owns what it looks like on paper and on the screen.
"""
