"""Everything in this process: for tests, for library users, gone when the process is."""
