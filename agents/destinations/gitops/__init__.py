"""A deployment repository that ArgoCD follows: everything that knows values files, commits and syncs."""
