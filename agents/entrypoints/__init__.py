"""How people and machines reach the crew."""
