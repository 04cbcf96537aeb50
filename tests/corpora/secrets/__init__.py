"""Deploy files as templates: provider-shaped tokens are placeholders that become literal only in memory."""
