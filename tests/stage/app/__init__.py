"""S1 `app`: one Python service on the machine that the bot runs on."""
