//! The direction-free 5-tuple.

use serde::{Deserialize, Serialize};

use super::{Endpoint, Transport};

/// Which of a key's two endpoints: the lower or the higher one in order. Says nothing about who opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Side {
    /// The lower endpoint.
    Low,
    /// The higher endpoint.
    High,
}

impl Side {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Low => Self::High,
            Self::High => Self::Low,
        }
    }

    /// 0 for low, 1 for high.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }
}

/// A 5-tuple without direction: both directions of a flow have the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct FlowKey {
    low: Endpoint,
    high: Endpoint,
    transport: Transport,
}

impl FlowKey {
    /// The key of a packet, and which side sent it. A packet from an endpoint to itself is sent by the low side.
    #[must_use]
    pub fn of(source: Endpoint, destination: Endpoint, transport: Transport) -> (Self, Side) {
        if source <= destination {
            (
                Self {
                    low: source,
                    high: destination,
                    transport,
                },
                Side::Low,
            )
        } else {
            (
                Self {
                    low: destination,
                    high: source,
                    transport,
                },
                Side::High,
            )
        }
    }

    /// The endpoint on a side.
    #[must_use]
    pub const fn endpoint(&self, side: Side) -> Endpoint {
        match side {
            Side::Low => self.low,
            Side::High => self.high,
        }
    }

    /// The transport.
    #[must_use]
    pub const fn transport(&self) -> Transport {
        self.transport
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_have_one_key() {
        let a = Endpoint::new("10.0.0.1".parse().unwrap(), 5000);
        let b = Endpoint::new("10.0.0.2".parse().unwrap(), 443);
        let (there, sent) = FlowKey::of(a, b, Transport::Tcp);
        let (back, answered) = FlowKey::of(b, a, Transport::Tcp);
        assert_eq!(there, back);
        assert_eq!(sent, answered.other());
        assert_eq!(there.endpoint(sent), a);
        assert_eq!(there.endpoint(answered), b);
    }
}
