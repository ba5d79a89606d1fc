"""What the server says about itself, as lines on stderr."""
