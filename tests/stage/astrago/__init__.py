"""The sample service `astrago`: a monorepo of four components, and the repository that says which images run."""
