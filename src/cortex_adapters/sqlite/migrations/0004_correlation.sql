-- Which request led to an event or a turn: its correlation id, and its trace as W3C Trace Context writes it.
ALTER TABLE messages ADD COLUMN correlation_id TEXT;
ALTER TABLE events ADD COLUMN correlation_id TEXT;
ALTER TABLE turns ADD COLUMN correlation_id TEXT;
ALTER TABLE turns ADD COLUMN traceparent TEXT;
