"""What `init` writes and does, held to the real linters, schemas, engine and the stand-in for GitHub."""
