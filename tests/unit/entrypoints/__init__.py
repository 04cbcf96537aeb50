"""How people reach the crew, tested."""
