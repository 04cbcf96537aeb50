"""What is said about a change: facts computed by code, and the model's words held against them. Pure, but for git."""
