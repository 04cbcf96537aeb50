"""The sample's own tests belong to the sample."""

collect_ignore = ["source"]
