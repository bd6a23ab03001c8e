"""The venue as the engine sees it: REST, streams, limits, clock."""
