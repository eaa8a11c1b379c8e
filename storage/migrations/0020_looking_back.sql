-- What an analysis asks of the ledger by kind and time: what was corrected since it looked, whose clocks were moved.
CREATE INDEX ledger_corrections ON ledger (at, reference) WHERE type = 'complaint.corrected';
CREATE INDEX ledger_recalculations ON ledger (at, reference) WHERE type = 'complaint.clocks_recalculated';
