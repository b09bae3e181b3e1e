//! Takes leads in: authenticates the source, parses one format, answers when the arrival is durable.
