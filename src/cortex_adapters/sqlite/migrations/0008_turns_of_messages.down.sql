-- Nothing to do here.
SELECT 1;
