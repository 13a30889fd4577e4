"""What tests ask of a reading."""


def values(reading):
    """The plain values by the series they belong to, without what the agent tells itself."""
    told = zip(reading.plan.labels, reading.values.tolist(), strict=True)
    return {
        str(labels.drop("service", "instance")): value
        for labels, value in told
        if not labels.name.startswith("region_")
    }


def one(regions):
    """Look, and read the one process there is."""
    regions.look()
    (read,) = regions.read()
    return read
