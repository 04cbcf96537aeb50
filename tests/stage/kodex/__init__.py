"""The sample service `kodex`: an AI service that speaks and searches, good versions and traps for its Dockerfile."""
