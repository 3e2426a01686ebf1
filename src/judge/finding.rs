//! What the report tells: one type for all questions.

use std::net::IpAddr;

use super::evidence::{Evidence, Grade, Stage};
use super::outcome::Outcome;
use crate::model::{CaptureTime, Stamp, Transport, words};
use crate::observe::FlowId;
use crate::rules::RequirementIndex;
use crate::wording::{Phrase, SaidTemplate, word};

words! {
    /// How much a finding matters. The worse one comes first.
    pub enum Severity {
        /// Something needed does not work, or something forbidden happens.
        High = "high",
        /// Somebody should look at it.
        Medium = "medium",
        /// Good to know.
        Low = "low",
    }
}

impl Severity {
    /// For people.
    #[must_use]
    pub const fn words(self) -> &'static SaidTemplate {
        match self {
            Self::High => word!(severity_high, "high"),
            Self::Medium => word!(severity_medium, "medium"),
            Self::Low => word!(severity_low, "low"),
        }
    }
}

macro_rules! findings {
    ($($variant:ident $text:literal $severity:ident $about:literal,)*) => {
        words! {
            /// A kind of finding, in report order.
            pub enum FindingCode {
                $(#[doc = $about] $variant = $text,)*
            }
        }

        impl FindingCode {
            /// One line on what it means.
            #[must_use]
            pub const fn about(self) -> &'static SaidTemplate {
                match self { $(Self::$variant => word!(concat!("finding-", $text), $about),)* }
            }

            /// Its name: in English the word itself.
            #[must_use]
            pub const fn label(self) -> &'static SaidTemplate {
                match self { $(Self::$variant => word!(concat!("code-", $text), $text),)* }
            }

            /// How much it matters.
            #[must_use]
            pub const fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity,)* }
            }
        }
    };
}

findings! {
    NothingAudited "nothing-audited" High "nothing was audited: no traffic, no host or no requirement to hold it against",
    Blocked "blocked" High "traffic that a requirement covers was stopped on the path",
    Failed "failed" Medium "traffic that a requirement covers failed; who did it cannot be told",
    Forbidden "forbidden" High "traffic that a page says must not be",
    NameContradicted "name-contradicted" High "the name in the handshake is on no list, although the address belongs to a name that is",
    OtherApplication "other-application" Medium "a listed destination, but another application than the page lists is spoken there",
    EncryptedHello "encrypted-hello" Medium "a listed name may have been tried in an encrypted hello, behind a name that nothing proves to be an outer one",
    EncryptedDns "encrypted-dns" Low "DNS to a name server of the site, over TLS, QUIC or HTTPS instead of in clear",
    WrongPort "wrong-port" Medium "a listed destination on a port that is not listed for it",
    WrongPath "wrong-path" Medium "a listed destination on a path that is not listed for it",
    WrongRole "wrong-role" Medium "a listed destination, but not for hosts in this role",
    SwitchedOff "switched-off" Medium "a listed destination of a feature, region or document that is off at this site",
    Expired "expired" Medium "a listed destination whose entry was not valid any more, or not yet",
    NotTls "not-tls" Medium "a listed destination that was reached, but not with TLS as its row asks",
    ListGap "list-gap" Medium "a name under a vendor's domain that is on no list",
    HidesNames "hides-names" Medium "a server on no list that seems to hide where a host goes: a proxy over TLS, or a resolver",
    UnexpectedName "unexpected-name" Medium "a named destination that no requirement covers",
    OtherAddress "other-address" Medium "an address in no role that is a second one of a host that is in one: its traffic is not audited",
    Unnamed "unnamed" Medium "a destination without a name, whose address no requirement covers",
    PortUnstated "port-unstated" Low "a listed destination on a port that we do not assume; its page states none",
    DoubtfulEntry "doubtful-entry" Low "a listed destination whose entry is doubtful: another owner's name, if it is a slip",
    BothAlternatives "both-alternatives" Low "two alternatives that exclude each other were both used",
    NeverSeen "never-seen" Medium "a requirement that the capture never exercised",
    Recovered "recovered" Low "traffic that was stopped at first got through later",
    Intercepted "intercepted" Medium "TLS to a listed destination is opened by something on the path",
    Degraded "degraded" Low "the aim is reached, but one way to it always fails, or each connection stalls later",
}

impl FindingCode {
    /// Whether it tells of traffic that no requirement covers as it is. A new kind has to be put to one side or the other
    /// here.
    #[must_use]
    pub const fn is_uncovered(self) -> bool {
        match self {
            Self::NothingAudited
            | Self::Blocked
            | Self::Failed
            | Self::BothAlternatives
            | Self::NeverSeen
            | Self::Recovered
            | Self::Intercepted
            | Self::Degraded => false,
            Self::Forbidden
            | Self::NameContradicted
            | Self::OtherApplication
            | Self::EncryptedHello
            | Self::EncryptedDns
            | Self::WrongPort
            | Self::WrongPath
            | Self::WrongRole
            | Self::SwitchedOff
            | Self::Expired
            | Self::NotTls
            | Self::ListGap
            | Self::HidesNames
            | Self::UnexpectedName
            | Self::OtherAddress
            | Self::Unnamed
            | Self::PortUnstated
            | Self::DoubtfulEntry => true,
        }
    }
}

/// One thing that the report tells.
#[derive(Clone, Debug)]
pub struct Finding {
    /// What kind.
    pub code: FindingCode,
    /// How much it matters.
    pub severity: Severity,
    /// What became of the intent, where there is one.
    pub outcome: Option<Outcome>,
    /// Where it was stopped.
    pub stage: Option<Stage>,
    /// How sure that is.
    pub confidence: Option<Grade>,
    /// Who.
    pub initiator: Option<IpAddr>,
    /// Whom or what: the name, else the address, else the requirement's service.
    pub target: String,
    /// Responder port, where there is one.
    pub port: Option<u16>,
    /// Transport, where there is one.
    pub transport: Option<Transport>,
    /// In one sentence, with figures.
    pub message: Phrase,
    /// What to do about it.
    pub advice: Phrase,
    /// What shows it.
    pub evidence: Vec<Evidence>,
    /// Requirements that it rests on, ascending.
    pub requirements: Vec<RequirementIndex>,
    /// Flows that it is about, ascending.
    pub flows: Vec<FlowId>,
    /// Places of the intents that it is about, ascending.
    pub intents: Vec<usize>,
    /// First and last time; `None` for what was never seen.
    pub span: Option<(Stamp, Stamp)>,
}

impl Finding {
    /// A finding of a kind about a target; the caller fills in the rest.
    #[must_use]
    pub fn new(code: FindingCode, target: String) -> Self {
        Self {
            code,
            severity: code.severity(),
            outcome: None,
            stage: None,
            confidence: None,
            initiator: None,
            target,
            port: None,
            transport: None,
            message: Phrase::default(),
            advice: Phrase::default(),
            evidence: Vec::new(),
            requirements: Vec::new(),
            flows: Vec::new(),
            intents: Vec::new(),
            span: None,
        }
    }

    /// Report order: what is worst first, then by kind, then by when, who and what.
    #[must_use]
    pub fn sort_key(
        &self,
    ) -> (
        Severity,
        FindingCode,
        Option<CaptureTime>,
        Option<IpAddr>,
        &str,
        Option<u16>,
    ) {
        let at = self.span.map(|(first, _)| first.time);
        (
            self.severity,
            self.code,
            at,
            self.initiator,
            &self.target,
            self.port,
        )
    }
}
