"""What is shown of something long: the first lines of a list, the last ones of a log."""

from agents.entrypoints.voice import Voice


def few(lines: list[str], most: int = 8) -> list[str]:
    """Keep the first lines, and count the others."""
    return lines if len(lines) <= most else [*lines[:most], f"... and {len(lines) - most} more (cut)"]


def log(text: str, voice: Voice, most: int = 20) -> str:
    """Show the last lines of a log below what is told; nothing where it is empty."""
    lines = text.strip().splitlines()
    if not lines:
        return ""
    told = "\n".join(voice.say("{line:code}", line=line) for line in lines[-most:] if line.strip())
    earlier = f" (the last {most} of {len(lines)} lines)" if len(lines) > most else ""
    return f"\nIts log{earlier}:\n{told}"
