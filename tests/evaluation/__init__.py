"""How well summaries do: on diffs of real shapes, with models that help, hallucinate or obey."""
