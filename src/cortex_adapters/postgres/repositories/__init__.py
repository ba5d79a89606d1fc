"""All the SQL that units of work send."""
