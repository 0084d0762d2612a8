"""How much configuration is taken at once."""

MAX_DOCUMENT_BYTES = 1024 * 1024
MAX_REQUEST_BYTES = 4 * 1024 * 1024
MAX_DOCUMENTS = 1_000
MAX_DEPTH = 64  # containers in containers; resources need about ten
MAX_ALIASES = 256  # of YAML; what they repeat counts into the sizes above
