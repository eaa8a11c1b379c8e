"""Tables of answers that people hand in: CSV, XLSX and SAV files, read into the responses that a survey computes on."""
