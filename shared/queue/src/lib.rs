//! Transport between services: RabbitMQ or in-process, one contract.
