"""Pure domain: values, rules and the catalogue of errors."""
