//! The bytes of a layer with their place in the frame, and what a walk over layers has gathered.

use super::{Carriers, MAX_LAYERS, Stop, StopReason, Tunnels, Vlans};
use crate::model::{Tunnel, TunnelKind};

/// A layer's bytes, from its first header byte to where the layers around it say it ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Span<'a> {
    /// What was captured.
    pub(super) bytes: &'a [u8],
    /// Length on the wire, at least `bytes.len()`.
    pub(super) wire: u32,
    /// Offset in the frame of the first byte.
    pub(super) offset: u32,
}

impl<'a> Span<'a> {
    /// A whole frame.
    pub(super) fn frame(bytes: &'a [u8], wire_length: u32) -> Self {
        let captured = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        Self {
            bytes,
            wire: wire_length.max(captured),
            offset: 0,
        }
    }

    /// Splits a header of `N` bytes off.
    pub(super) fn header<const N: usize>(
        self,
        layer: &'static str,
    ) -> Result<(&'a [u8; N], Self), Stop> {
        match self.bytes.split_first_chunk::<N>() {
            Some((header, rest)) => Ok((header, self.after(rest, N as u32))),
            None => Err(self.truncated(layer, N)),
        }
    }

    /// What follows `count` bytes, all of which must have been captured.
    pub(super) fn skip(self, count: usize, layer: &'static str) -> Result<Self, Stop> {
        match self.bytes.get(count..) {
            Some(rest) => Ok(self.after(rest, count as u32)),
            None => Err(self.truncated(layer, count)),
        }
    }

    /// The same start, ending after `wire` bytes at most.
    pub(super) fn limit(self, wire: u32) -> Self {
        let captured = self.bytes.len().min(wire as usize);
        Self {
            bytes: &self.bytes[..captured],
            wire: self.wire.min(wire),
            ..self
        }
    }

    /// The big-endian number of two bytes at `at`.
    pub(super) fn be16(self, at: usize, layer: &'static str) -> Result<u16, Stop> {
        match self
            .bytes
            .get(at..)
            .and_then(|bytes| bytes.first_chunk::<2>())
        {
            Some(bytes) => Ok(u16::from_be_bytes(*bytes)),
            None => Err(self.truncated(layer, at + 2)),
        }
    }

    /// The byte at `at`.
    pub(super) fn byte(self, at: usize, layer: &'static str) -> Result<u8, Stop> {
        self.bytes
            .get(at)
            .copied()
            .ok_or_else(|| self.truncated(layer, at + 1))
    }

    /// `wanted` bytes are not there.
    #[cold]
    pub(super) fn truncated(self, layer: &'static str, wanted: usize) -> Stop {
        let reason = StopReason::Truncated {
            wanted: wanted as u32,
            had: self.bytes.len() as u32,
        };
        Stop {
            layer,
            reason,
            offset: self.offset,
        }
    }

    /// The bytes contradict the format.
    #[cold]
    pub(super) fn malformed(self, layer: &'static str, what: &'static str) -> Stop {
        Stop {
            layer,
            reason: StopReason::Malformed(what),
            offset: self.offset,
        }
    }

    /// Sound, but without a time of its own.
    #[cold]
    pub(super) fn untimed(self, layer: &'static str) -> Stop {
        Stop {
            layer,
            reason: StopReason::Untimed,
            offset: self.offset,
        }
    }

    /// Sound, but no IP is in it.
    #[cold]
    pub(super) fn not_ip(self, layer: &'static str, number: u16) -> Stop {
        Stop {
            layer,
            reason: StopReason::NotIp(number),
            offset: self.offset,
        }
    }

    fn after(self, rest: &'a [u8], count: u32) -> Self {
        Self {
            bytes: rest,
            wire: self.wire.saturating_sub(count),
            offset: self.offset.saturating_add(count),
        }
    }
}

/// What was gathered on the way from the frame's first byte to the layer at hand.
#[derive(Clone, Debug, Default)]
pub(super) struct Walk {
    pub(super) vlans: Vlans,
    pub(super) tunnels: Tunnels,
    pub(super) carriers: Carriers,
    pub(super) layers: u8,
    /// Where tunnels went deeper than is walked, so that what holds them is told as the innermost packet.
    pub(super) too_deep: Option<Stop>,
}

impl Walk {
    /// Counts a layer in.
    pub(super) fn enter(&mut self, span: Span<'_>, layer: &'static str) -> Result<(), Stop> {
        self.layers += 1;
        if self.layers > MAX_LAYERS {
            return Err(Stop {
                layer,
                reason: StopReason::TooDeep,
                offset: span.offset,
            });
        }
        Ok(())
    }

    /// Notes a VLAN id; the fifth and later ones are walked but not kept, so that nothing is allocated.
    pub(super) fn vlan(&mut self, id: u16) {
        if self.vlans.len() < self.vlans.inline_size() {
            self.vlans.push(id);
        }
    }

    /// Notes a tunnel; the fifth and later ones are walked but not kept, so that nothing is allocated.
    pub(super) fn tunnel(&mut self, kind: TunnelKind, id: u32) {
        if self.tunnels.len() < self.tunnels.inline_size() {
            self.tunnels.push(Tunnel { kind, id });
        }
    }
}
