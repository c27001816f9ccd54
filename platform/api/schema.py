from drf_spectacular.openapi import AutoSchema


class ProblemSchema(AutoSchema):
    """What every operation has in common at /schema."""
