"""The sample service `webapp`: pages and an API with a database, good versions and bad ones."""
