//! Why a flow that falls under a requirement does not prove it: what it is for is not certain.

use thin_vec::ThinVec;

use super::attempt::InconclusiveReason;
use super::coverage::FlowTarget;
use crate::model::Transport;
use crate::observe::{App, Flow, NameSource};
use crate::rules::{RequirementIndex, RuleSet};

/// Why a flow that falls under a requirement does not prove it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Shade {
    /// Another application than the page lists was spoken: its name.
    OtherApplication(&'static str),
    /// Its destination may be an IPv4 address that is translated, but nothing tells the prefix.
    UntoldTranslation,
    /// It comes from an address on no list that may be a host's for address translation.
    GuessedHost,
    /// The name in clear is an outer one, the inner one is encrypted.
    EncryptedHello,
    /// The flow says no name, and its address has several, not all of them the requirement's.
    OneOfSeveral,
    /// The flow was opened before the capture began, so the lookups that are seen did not lead to it.
    OlderThanCapture,
}

impl Shade {
    /// The same as a reason why it cannot be told how an intent went.
    #[must_use]
    pub const fn doubt(self) -> InconclusiveReason {
        match self {
            Self::OtherApplication(_) => InconclusiveReason::OtherApplication,
            Self::UntoldTranslation => InconclusiveReason::UntoldTranslation,
            Self::GuessedHost => InconclusiveReason::GuessedHost,
            Self::EncryptedHello => InconclusiveReason::EncryptedHello,
            Self::OneOfSeveral => InconclusiveReason::OneOfSeveral,
            Self::OlderThanCapture => InconclusiveReason::OlderThanCapture,
        }
    }
}

impl Shade {
    /// Whether it is because names are not visible.
    pub(super) const fn is_of_name(self) -> bool {
        !matches!(self, Self::UntoldTranslation | Self::GuessedHost)
    }
}

/// Requirements that some flows fall under without proof, ascending, each with the reason.
pub type Shades = ThinVec<(RequirementIndex, Shade)>;

/// What requirements say of the application, as bits of [`App`]; 0 where any will do.
#[derive(Debug)]
pub(super) struct Applications(Vec<u32>);

impl Applications {
    pub(super) fn of(rules: &RuleSet) -> Self {
        let of_row = |words: &[String]| {
            let known: Option<Vec<u32>> = words.iter().map(|word| bits(word)).collect();
            known.map_or(0, |all| all.into_iter().fold(0, |all, one| all | one))
        };
        Self(
            rules
                .requirements()
                .iter()
                .map(|row| of_row(&row.app))
                .collect(),
        )
    }

    /// What a flow speaks, where a requirement lists something else. A flow whose content tells nothing, or that goes
    /// through a proxy, is whatever it shall be.
    pub(super) fn contradicted(
        &self,
        flow: &Flow,
        aim: &FlowTarget,
        requirement: RequirementIndex,
    ) -> Option<&'static str> {
        let listed = self.0.get(requirement.index()).copied().unwrap_or(0);
        let spoken = flow.app.0 & COMPARED;
        if listed == 0 || spoken == 0 || spoken & listed != 0 || aim.proxied {
            return None;
        }
        // HTTP in clear where TLS is listed is told as that.
        let in_clear = App::HTTP.0 | App::HTTP2.0;
        if listed == App::TLS.0 | App::QUIC.0 && spoken & !in_clear == 0 {
            return None;
        }
        // A request to a proxy that nobody told of is no wrong application.
        if aim.source == Some(NameSource::HttpConnect) {
            return None;
        }
        App(spoken).name()
    }
}

/// Contents that tell one application from another.
const COMPARED: u32 = App::TLS.0
    | App::HTTP.0
    | App::HTTP2.0
    | App::DNS.0
    | App::QUIC.0
    | App::NTP.0
    | App::SSH.0
    | App::DTLS.0
    | App::LDAP.0
    | App::SMTP.0
    | App::RDP.0;

/// The contents that an application of a page may have on the wire; `None` for one that is not known by content.
fn bits(word: &str) -> Option<u32> {
    let tls = App::TLS.0 | App::QUIC.0;
    Some(match word {
        "https" | "tls" | "ldaps" | "wss" => tls,
        "http" | "ws" => App::HTTP.0 | App::HTTP2.0,
        "dns" => App::DNS.0,
        "ntp" => App::NTP.0,
        "ssh" | "sftp" => App::SSH.0,
        "dtls" => App::DTLS.0,
        "ldap" => App::LDAP.0 | App::TLS.0,
        "starttls" => App::LDAP.0 | App::SMTP.0 | App::TLS.0,
        "smtp" => App::SMTP.0 | App::TLS.0,
        "rdp" => App::RDP.0 | App::TLS.0,
        _ => return None,
    })
}

/// Whether DNS answers that are in the capture cannot have led to a flow: it was under way when the capture began.
#[must_use]
pub(super) fn is_older(flow: &Flow) -> bool {
    flow.transport == Transport::Tcp && !flow.opened && flow.said_names().next().is_none()
}
