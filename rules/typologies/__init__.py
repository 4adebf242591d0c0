"""The typologies, one file each; `rules.catalogue.RULES` lists them."""
