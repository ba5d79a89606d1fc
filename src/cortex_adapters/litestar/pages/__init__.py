"""Pages for people: made here, without a script, and with nothing from other hosts."""
