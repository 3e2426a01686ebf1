//! What fills the gaps of a phrase.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::SaidTemplate;
use super::phrase::{Phrase, PhraseText};
use crate::model::{CaptureTime, Endpoint, Fqdn, Transport};

/// What may stand in a gap of a phrase.
pub trait SaidPart {
    /// Puts it at the end of the text.
    fn put(&self, into: &mut PhraseText);
}

/// Names and numbers: the same in every language.
macro_rules! as_it_is {
    ($($kind:ty),+ $(,)?) => {
        $(impl SaidPart for $kind {
            fn put(&self, into: &mut PhraseText) {
                into.as_it_is(format_args!("{self}"));
            }
        })+
    };
}

as_it_is!(
    u8,
    u16,
    u32,
    u64,
    usize,
    i32,
    i64,
    IpAddr,
    Ipv4Addr,
    Ipv6Addr,
    SocketAddr,
    Fqdn,
    Transport,
    Endpoint,
    CaptureTime,
    ipnet::IpNet,
    jiff::civil::Date,
    fmt::Arguments<'_>,
);

impl SaidPart for str {
    fn put(&self, into: &mut PhraseText) {
        into.text_as_it_is(self);
    }
}

impl SaidPart for String {
    fn put(&self, into: &mut PhraseText) {
        into.text_as_it_is(self);
    }
}

impl SaidPart for Phrase {
    fn put(&self, into: &mut PhraseText) {
        into.phrase(self);
    }
}

impl SaidPart for &'static SaidTemplate {
    fn put(&self, into: &mut PhraseText) {
        into.word(self);
    }
}

impl<P: SaidPart + ?Sized> SaidPart for &P {
    fn put(&self, into: &mut PhraseText) {
        (**self).put(into);
    }
}
