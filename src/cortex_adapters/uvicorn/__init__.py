"""uvicorn: the HTTP server, with the deadlines, limits and the leaving that we promise."""
