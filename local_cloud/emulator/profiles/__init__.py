"""One file a Google API: what its discovery document does not say."""
