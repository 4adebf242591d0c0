"""What is detected: typologies, accounts of a labelled data set, accounts of generated rings."""
