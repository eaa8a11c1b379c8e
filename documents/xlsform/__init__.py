"""Surveys as XLSForm workbooks (xlsform.org), out and in.

Pages are groups on one screen, matrices tables of one list. What XLSForm cannot say (indicators, sampling, weights,
roles) travels in columns and a sheet of our own that its tools ignore. It differs in one point: to XLSForm a comparison
with an unanswered question may be true (`!=`), here it never is.
"""
