"""What a call to a model has used."""

import msgspec


class Usage(msgspec.Struct, gc=False, omit_defaults=True):
    """Billable tokens in disjoint buckets: their sum is what the call used."""

    input_uncached: int = 0
    cache_read: int = 0
    cache_write_5m: int = 0
    cache_write_1h: int = 0
    reasoning: int = 0
    output: int = 0
    input_audio: int = 0
    output_audio: int = 0
    input_image: int = 0
