"""What is detected: typologies, accounts of a labelled data set, accounts of generated rings."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # small regressions: threads only wait for each other
