-- loses: where logs begin; one that retention has shortened has a gap at its beginning then
ALTER TABLE conversations DROP COLUMN first_seq;
