"""Everything users touch: the command line, the REST service, exports and freeze batches, on one pipeline."""
