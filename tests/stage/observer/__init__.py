"""The sample service `observer`: a repository with real commits and tags, good versions and traps."""
