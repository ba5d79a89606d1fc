-- loses: which request led to an event or a turn
ALTER TABLE messages DROP COLUMN correlation_id;
ALTER TABLE events DROP COLUMN correlation_id;
ALTER TABLE turns DROP COLUMN correlation_id;
ALTER TABLE turns DROP COLUMN traceparent;
