"""What is published: segments, manifest, opening, verifying, compacting."""
