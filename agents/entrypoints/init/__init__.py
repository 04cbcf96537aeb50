"""`init`: looks at a repository and writes what a release of it needs. What cannot be known is asked, not invented."""
