//! Declares the queues, and tells whether one that exists with other arguments than ours keeps what it confirms.
//!
//! RabbitMQ tells nobody how a queue was declared, but refuses another declaration and names the first argument that
//! differs, with what it is. So the queue is declared again and again, each time with what was learned.

use lapin::{
    Connection,
    options::QueueDeclareOptions,
    types::{AMQPValue, FieldTable},
};

use crate::{
    options::TransportOptions,
    topology::{self, Queue},
};

/// More arguments than a queue has.
const ASKED_AT_MOST: usize = 24;

/// What a queue that is there was declared with, as far as it is known.
#[derive(Debug)]
struct Declared {
    queue: Queue,
    durable: bool,
    arguments: FieldTable,
}

/// Sees to it that `queues` are there. One that exists with other arguments (an older release, another limit in the
/// configuration) is used as it is: refusing it would stop a working system. Returns those that lose what they confirm, with
/// why: nothing is relied on them.
pub(crate) async fn ensure(
    connection: &Connection,
    queues: &[Queue],
    options: &TransportOptions,
) -> lapin::Result<Vec<(Queue, String)>> {
    let mut channel = connection.create_channel().await?;
    let mut found = Vec::new();
    for &queue in queues {
        match topology::declare(&channel, queue, options).await {
            Err(error) if topology::differs(&error) => {
                match unfit(connection, queue, options).await? {
                    Some(why) => found.push((queue, why)),
                    None => {
                        tracing::warn!(queue.name = queue.name(), %error, "the queue exists with other arguments; using it as it is");
                    }
                }
                channel = connection.create_channel().await?;
            }
            // Another connection has it for itself.
            Err(error) if topology::is_taken(&error) => {
                found.push((queue, format!("cannot be used: {error}")));
                // The refusal closed the channel.
                channel = connection.create_channel().await?;
            }
            result => result?,
        }
    }
    channel.close(200, "declared".into()).await?;
    Ok(found)
}

/// Why a queue that exists with other arguments must not be relied on; none where it may.
pub(crate) async fn unfit(
    connection: &Connection,
    queue: Queue,
    options: &TransportOptions,
) -> lapin::Result<Option<String>> {
    let mut known = Declared { queue, durable: true, arguments: queue.arguments(options) };
    for _ in 0..ASKED_AT_MOST {
        // A refusal closes the channel.
        let channel = connection.create_channel().await?;
        let declare = QueueDeclareOptions { durable: known.durable, ..QueueDeclareOptions::default() };
        let error = match channel.queue_declare(queue.name().into(), declare, known.arguments.clone()).await {
            Ok(_) => {
                channel.close(200, "looked at".into()).await?;
                return Ok(known.fault());
            }
            Err(error) if topology::differs(&error) => error.to_string(),
            // 405: another connection has it for itself, and takes it along when it ends.
            Err(error) => return Ok(Some(format!("cannot be used: {error}"))),
        };
        let Some(difference) = Difference::read(&error) else {
            return Ok(Some(format!("is not what it should be, and does not say how it is: {error}")));
        };
        known.learn(difference);
        // What dies may die into nothing and be the lesser fault: what kind of queue it is may still be to learn.
        if let Some(fault) = known.fault_of_keeping() {
            return Ok(Some(fault));
        }
    }
    Ok(Some(known.fault().unwrap_or_else(|| "is not what it should be".to_owned())))
}

impl Declared {
    fn learn(&mut self, difference: Difference) {
        let Difference { name, current } = difference;
        if name == "durable" {
            self.durable = current.as_deref() == Some("true");
            return;
        }
        let Some(current) = current else {
            self.remove(&name);
            // RabbitMQ takes these only together.
            if name == "x-dead-letter-exchange" {
                self.remove("x-dead-letter-routing-key");
                self.remove("x-dead-letter-strategy");
            }
            return;
        };
        let value = match current.parse() {
            Ok(number) => AMQPValue::LongLongInt(number),
            Err(_) => AMQPValue::LongString(current.into()),
        };
        self.arguments.insert(name.into(), value);
    }

    fn remove(&mut self, name: &str) {
        let mut left = FieldTable::default();
        for (key, value) in self.arguments.inner().iter().filter(|(key, _)| key.as_str() != name) {
            left.insert(key.clone(), value.clone());
        }
        self.arguments = left;
    }

    fn text(&self, name: &str) -> Option<String> {
        match self.arguments.inner().get(name)? {
            AMQPValue::LongString(text) => Some(text.to_string()),
            other => Some(format!("{other:?}")),
        }
    }

    /// What makes it lose messages that it has confirmed.
    fn fault(&self) -> Option<String> {
        self.fault_of_keeping().or_else(|| self.fault_of_what_dies())
    }

    /// What makes it lose messages that wait.
    fn fault_of_keeping(&self) -> Option<String> {
        if !self.durable {
            return Some("is transient: what it holds ends with RabbitMQ".to_owned());
        }
        match self.text("x-queue-type").as_deref() {
            Some("quorum") => {}
            Some(other) => return Some(format!("is a {other} queue: what it holds rests on one node")),
            None => return Some("is a classic queue: what it holds rests on one node".to_owned()),
        }
        let drops = self.text("x-overflow").as_deref() != Some("reject-publish");
        if drops && (self.text("x-max-length").is_some() || self.text("x-max-length-bytes").is_some()) {
            return Some("throws away its oldest messages when it is full (x-overflow)".to_owned());
        }
        let forgets = ["x-message-ttl", "x-expires"].into_iter().find(|name| self.text(name).is_some());
        if let Some(name) = forgets {
            return Some(format!("throws away what waits too long ({name})"));
        }
        None
    }

    /// What makes it lose messages that RabbitMQ gives up: each connection that breaks counts against all that it held, so that
    /// after as many restarts as the limit healthy ones are given up.
    fn fault_of_what_dies(&self) -> Option<String> {
        if self.queue.has_dead_letters() && self.text("x-dead-letter-exchange").is_none() {
            return Some("throws away what RabbitMQ gives up (x-dead-letter-exchange)".to_owned());
        }
        // None is none in RabbitMQ 3, and twenty in RabbitMQ 4.
        let limit = self.number("x-delivery-limit").unwrap_or(0);
        let fewest = topology::FEWEST_DELIVERIES;
        (limit < fewest).then(|| {
            format!("gives up healthy messages after fewer than {fewest} broken connections (x-delivery-limit)")
        })
    }

    fn number(&self, name: &str) -> Option<i64> {
        match self.arguments.inner().get(name)? {
            AMQPValue::LongLongInt(number) => Some(*number),
            AMQPValue::LongString(text) => text.to_string().parse().ok(),
            _ => None,
        }
    }
}

/// The argument that RabbitMQ named, and its value of the queue that is there; none where that queue was declared without it.
#[derive(Debug, PartialEq, Eq)]
struct Difference {
    name: String,
    current: Option<String>,
}

impl Difference {
    /// Reads `inequivalent arg 'NAME' for queue … received … but current is none | 'VALUE' | the value 'VALUE' of type …`.
    fn read(error: &str) -> Option<Self> {
        let (_, rest) = error.split_once("inequivalent arg '")?;
        let (name, rest) = rest.split_once('\'')?;
        let (_, current) = rest.rsplit_once("current is ")?;
        let current = match current.starts_with("none") {
            true => None,
            false => Some(current.split('\'').nth(1)?.to_owned()),
        };
        Some(Self { name: name.to_owned(), current })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_rabbitmq_says_of_a_difference_is_understood() {
        let says = |current: &str| {
            format!(
                "PRECONDITION_FAILED - inequivalent arg 'x-a' for queue 'ripen.arrivals' in vhost '/': received 'b' but current is {current}"
            )
        };
        for (current, value) in
            [("none", None), ("'false'", Some("false")), ("the value 'classic' of type 'longstr'", Some("classic"))]
        {
            let expected = Difference { name: "x-a".to_owned(), current: value.map(str::to_owned) };
            assert_eq!(Difference::read(&says(current)), Some(expected), "{current}");
        }
        assert_eq!(Difference::read("PRECONDITION_FAILED - invalid arg 'x-a'"), None);
    }

    #[test]
    fn only_what_loses_messages_is_unfit() {
        let learn_of = |queue: Queue, differences: &[(&str, Option<&str>)]| {
            let mut known = Declared { queue, durable: true, arguments: queue.arguments(&TransportOptions::default()) };
            for (name, current) in differences {
                known.learn(Difference { name: (*name).to_owned(), current: current.map(str::to_owned) });
            }
            known.fault()
        };
        let learn = |differences: &[(&str, Option<&str>)]| learn_of(Queue::Arrivals, differences);
        assert_eq!(learn(&[]), None);
        assert_eq!(learn_of(Queue::Dead, &[]), None, "what dies there has nowhere to go, and nothing ends it");
        assert!(learn_of(Queue::Dead, &[("x-delivery-limit", Some("20"))]).is_some());
        assert_eq!(learn(&[("x-delivery-limit", Some("5000"))]), None, "more patience");
        assert_eq!(learn(&[("x-max-length-bytes", Some("1000"))]), None, "another limit");
        assert_eq!(learn(&[("x-overflow", None), ("x-max-length-bytes", None)]), None, "no limit at all");
        for unfit in [
            &[("durable", Some("false"))][..],
            &[("x-queue-type", None)],
            &[("x-queue-type", Some("classic"))],
            &[("x-overflow", Some("drop-head"))],
            &[("x-overflow", None)],
            &[("x-message-ttl", Some("1000"))],
            &[("x-dead-letter-exchange", None)],
            &[("x-delivery-limit", Some("1"))],
            &[("x-delivery-limit", None)],
        ] {
            assert!(learn(unfit).is_some(), "{unfit:?}");
        }
    }
}
