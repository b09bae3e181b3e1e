//! HTTP edge shared by the services: problems, extractors, limits, request log.
