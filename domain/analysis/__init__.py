"""Periodic analysis of complaints (定期分析): what their numbers say, and how surely.

Pure functions on counts and arrays. What is counted, and from which records, is asked in SQL (`storage`); what is laid
out, in `documents`. Each module holds one question; its docstring names the source of its method.
"""
