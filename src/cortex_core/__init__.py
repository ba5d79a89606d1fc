"""Users, workspaces, conversations, and the events that flow through them."""
