//! DNS over a byte stream: each message behind its length (RFC 1035 section 4.2.2).

/// Splits the opening bytes of a stream into messages.
#[must_use]
pub const fn split_tcp(bytes: &[u8]) -> TcpMessages<'_> {
    TcpMessages { rest: bytes }
}

/// The whole messages of a stream's opening bytes, in their order; made by [`split_tcp`].
#[derive(Clone, Debug)]
pub struct TcpMessages<'a> {
    rest: &'a [u8],
}

impl<'a> TcpMessages<'a> {
    /// The bytes of the message that is not whole yet, its length field left out. [`super::Message::read`] makes of
    /// them what can be made.
    #[must_use]
    pub fn begun(&self) -> &'a [u8] {
        self.rest.get(2..).unwrap_or(&[])
    }

    /// How many more bytes the next message needs at least: 0 where the bytes end between messages, or where it is
    /// whole.
    #[must_use]
    pub fn wanted(&self) -> usize {
        match self.rest {
            [] => 0,
            [_] => 1,
            [high, low, rest @ ..] => {
                usize::from(u16::from_be_bytes([*high, *low])).saturating_sub(rest.len())
            }
        }
    }
}

impl<'a> Iterator for TcpMessages<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.rest.split_first_chunk::<2>()?;
        let (message, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        self.rest = rest;
        Some(message)
    }
}
