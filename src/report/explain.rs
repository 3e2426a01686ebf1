//! The long text of each code: what it means, what to look at, what else looks the same.

use std::fmt::Write as _;

use crate::judge::{
    Code, FindingCode, Grade, NotSeen, Outcome, Stage, StatusKind, explain_evidence,
};
use crate::rules::nearest;

/// What a word of the report means: a finding's code, a code of evidence, an outcome, a reason, a stage or a grade; all of
/// its meanings, where it has several. Case does not matter. `None` for a word that no report has.
#[must_use]
pub fn explain(word: &str) -> Option<String> {
    let is = |known: &str| known.eq_ignore_ascii_case(word);
    let mut meanings = Vec::new();
    if let Some(code) = FindingCode::ALL.iter().find(|code| is(code.as_str())) {
        let (about, severity) = (code.about(), code.severity());
        meanings.push(format!(
            "{code}: {about}\nA finding of severity {severity}.\n\n{}\n",
            explain_finding(*code)
        ));
    }
    if let Some(code) = Code::ALL.iter().find(|code| is(code.as_str())) {
        let (about, stage, grades) = (code.about(), code.stage(), grades(*code));
        meanings.push(format!(
            "{code}: {about}\nEvidence at stage {stage}, of grade {grades}.\n\n{}\n",
            explain_evidence(*code)
        ));
    }
    for (of, words) in verdict_words() {
        let found = words.iter().filter(|(known, _)| is(known));
        meanings.extend(found.map(|(known, text)| format!("{known} ({of}): {text}\n")));
    }
    (!meanings.is_empty()).then(|| meanings.join("\n"))
}

/// Every word that [`explain`] knows with one line on it, in the order of the report; words of verdicts under a line that
/// says what they are.
#[must_use]
pub fn explained() -> String {
    let mut out = String::new();
    let findings = FindingCode::ALL
        .iter()
        .map(|code| (code.as_str(), code.about()));
    let evidence = Code::ALL.iter().map(|code| (code.as_str(), code.about()));
    for (word, about) in findings.chain(evidence) {
        let _ = writeln!(out, "{word:22} {about}");
    }
    for (of, words) in verdict_words() {
        let _ = writeln!(out, "\n{of}:");
        for (word, about) in &words {
            let first = about.split_inclusive(['.', ';', ':']).next();
            let first = first.unwrap_or(about).trim_end_matches(['.', ';', ':']);
            let _ = writeln!(out, "{word:22} {first}");
        }
    }
    out
}

/// The word that somebody who typed another one may have meant.
#[must_use]
pub fn nearest_word(word: &str) -> Option<&'static str> {
    let codes = FindingCode::ALL.iter().map(|code| code.as_str());
    let codes = codes.chain(Code::ALL.iter().map(|code| code.as_str()));
    let words = verdict_words().into_iter().flat_map(|(_, words)| words);
    nearest(word, codes.chain(words.map(|(word, _)| word)))
}

/// Everything that [`explain`] knows, as Markdown: a table of each kind of word, then the long text of each code.
#[must_use]
pub fn explained_page() -> String {
    let mut out = String::new();
    for (of, words) in verdict_words() {
        let mut title = (*of).to_owned();
        title[..1].make_ascii_uppercase();
        let _ = writeln!(out, "## {title}\n\n| word | meaning |\n|---|---|");
        for (word, about) in &words {
            let _ = writeln!(out, "| `{word}` | {} |", about.trim_end_matches('.'));
        }
        out.push('\n');
    }
    out.push_str("## Findings\n\n| finding | severity | meaning |\n|---|---|---|\n");
    for code in FindingCode::ALL {
        let (anchor, severity, about) = (anchor(code.as_str()), code.severity(), code.about());
        let _ = writeln!(out, "| [`{code}`](#{anchor}) | {severity} | {about} |");
    }
    out.push_str(
        "\n## Evidence\n\n| evidence | stage | grade | what is seen |\n|---|---|---|---|\n",
    );
    for code in Code::ALL {
        let (anchor, stage, about) = (anchor(code.as_str()), code.stage(), code.about());
        let _ = writeln!(
            out,
            "| [`{code}`](#{anchor}) | {stage} | {} | {about} |",
            grades(*code)
        );
    }
    out.push_str("\n## Findings, one by one\n");
    for code in FindingCode::ALL {
        let _ = write!(out, "\n### `{code}`\n\n{}\n", explain_finding(*code));
    }
    out.push_str("\n## Evidence, one by one\n");
    for code in Code::ALL {
        let _ = write!(out, "\n### `{code}`\n\n{}\n", explain_evidence(*code));
    }
    out
}

/// Where a heading of a code is found: what renderers of Markdown make of it.
fn anchor(code: &str) -> String {
    code.to_ascii_lowercase()
}

/// The grades of a code in words: `C`, `B or C`, `A to C`.
fn grades(code: Code) -> String {
    match code.grades() {
        [Grade::A, Grade::B, Grade::C] => "A to C".to_owned(),
        grades => {
            let words: Vec<String> = grades.iter().map(Grade::to_string).collect();
            words.join(" or ")
        }
    }
}

/// The long text of a finding's code.
#[must_use]
pub const fn explain_finding(code: FindingCode) -> &'static str {
    match code {
        FindingCode::Blocked => {
            "What it means: a host tried to reach something that a requirement covers, and something on the path \
             stopped it. `blocked_confirmed` rests on a statement: an ICMP message that says \"prohibited\", a resolver \
             that says it filters, a proxy's block page. `blocked_likely` rests on a strong pattern and on a control: \
             another flow in the same capture that shows that the path, the server or the resolver works.\n\n\
             What to look at: the frames of the evidence, then the control. The stage says which kind of device to ask: \
             dns the resolver, connect a packet filter, tls something that reads names, proxy or http a web filter. \
             Packets do not say which rule of a firewall did it.\n\n\
             What else looks the same: a server that is down together with a neighbour that works; a load balancer that \
             resets; a route that is missing for one address only. Try again from a host beyond the firewall."
        }
        FindingCode::NothingAudited => {
            "What it means: there was nothing to hold the requirements against: no packets, no flow of a host that the \
             site file knows, or no requirement that is active there. That nothing is found wrong says nothing then, so \
             the exit status is 2.\n\n\
             What to look at: the reason in the message. Where hosts are listed that were seen, their addresses are \
             usually those that the site file should name; addresses are translated (NAT) on one side of a firewall.\n\n\
             What else looks the same: a capture filter, or the wrong interface, that keeps the hosts' packets out."
        }
        FindingCode::Failed => {
            "What it means: a host tried to reach something that a requirement covers and did not get there, and the \
             packets fit several causes equally well.\n\n\
             What to look at: whether the server is up, whether others reach it, and a capture on the other side of the \
             firewall: a packet that goes in and does not come out is the only proof of a silent drop.\n\n\
             What else looks the same: this is the finding for everything that looks the same."
        }
        FindingCode::Forbidden => {
            "What it means: a vendor page says that this traffic must not be, for instance that a port is for the host \
             itself only, and the capture shows it between two hosts.\n\n\
             What to look at: who opened the flow, and whether the responder answered: an open port that nobody may use \
             is one thing, one that is used another.\n\n\
             What else looks the same: a mode of the product in which the port is meant to be open. Say so in the site \
             file."
        }
        FindingCode::NameContradicted => {
            "What it means: the host looked up a name that is on a list and then, at the address it got, asked for a \
             name that is on none. The name in the handshake is what the far end serves, so the matching DNS answer does \
             not excuse it.\n\n\
             What to look at: the program on the host; the names in the TLS ClientHello or the HTTP request; who else \
             shares the address.\n\n\
             What else looks the same: shared hosting and content networks, where one address serves many names and two \
             programs on one host use two of them."
        }
        FindingCode::OtherApplication => {
            "What it means: the destination and the port are on a list, but the content of the flow is another application \
             than the page says: SSH where it lists https, HTTP in clear on the port of TLS. It does not show that what \
             the page asks for gets through, so the requirement is not satisfied by it.\n\n\
             What to look at: the program on the host, and the first bytes of the flow. A firewall that knows applications \
             lets the listed one through and stops this one.\n\n\
             What else looks the same: a service that was moved to a port of another, and a page that lists the \
             application by the name of its port."
        }
        FindingCode::EncryptedHello => {
            "What it means: the host looked up a listed name and went to the address that it got, but the ClientHello names \
             another one in clear and has an encrypted part (ECH). With ECH the name in clear is the provider's outer name, \
             and the true one is inside; packets do not show it. No HTTPS record in the capture names this outer name, so \
             it is not proved to be one.\n\n\
             What to look at: the HTTPS record of the listed name (`dig HTTPS name`): its ech parameter holds the outer \
             name. Where that is the one, put it under [ech] in the site file.\n\n\
             What else looks the same: GREASE. Browsers send an extension of random bytes where they have no key; then the \
             name in clear is the true one, and the program talks to somebody else at a shared address."
        }
        FindingCode::EncryptedDns => {
            "What it means: the host asks a name server of the site over TLS, QUIC or HTTPS, where the page lists DNS in \
             clear. It is DNS all the same, but the packets do not show what was asked, so names of flows may be missing.\n\n\
             What to look at: whether the site wants it so. `encrypted = true` under [dns] in the site file lets it stand for \
             DNS; the resolver's log, or `--dns-seed`, tells the names.\n\n\
             What else looks the same: another service over TLS on the machine that is the name server."
        }
        FindingCode::WrongPort => {
            "What it means: the destination is on a list, but for other ports or another transport.\n\n\
             What to look at: the site's own settings; many ports can be moved. Where the site moved it, put it under \
             [ports] in the site file.\n\n\
             What else looks the same: QUIC. A browser or agent that tries UDP 443 beside TCP 443 goes where it may, by a \
             transport that the page does not list."
        }
        FindingCode::WrongPath => {
            "What it means: the host and the port are on a list, but for other paths of this host.\n\n\
             What to look at: the program that asks for the path. A list of `host/path` entries is not a list of hosts.\n\n\
             What else looks the same: a newer version of the interface under another path."
        }
        FindingCode::PortUnstated => {
            "What it means: the host is on a list whose page states no port or transport, and the flow does not use those \
             that we assume.\n\n\
             What to look at: what the vendor says of the service elsewhere. The page does not say that this is wrong.\n\n\
             What else looks the same: another program that goes to the same host."
        }
        FindingCode::NotTls => {
            "What it means: the row asks for HTTPS or TLS, the host was reached, and what was spoken is not TLS.\n\n\
             What to look at: the first bytes of the flow. HTTP in clear on 443 and a bind in clear carry passwords and \
             tokens for everybody to read, and are no proof that TLS gets through.\n\n\
             What else looks the same: a proxy or a load balancer that speaks in clear on the inside."
        }
        FindingCode::DoubtfulEntry => {
            "What it means: the flow goes where an entry of the list says, and the entry is doubtful: it differs from its \
             siblings, and may be a slip of the page.\n\n\
             What to look at: who owns the name's domain. Ask the vendor before the rule stays.\n\n\
             What else looks the same: a name that is right as printed and only looks odd."
        }
        FindingCode::WrongRole => {
            "What it means: the destination is on a list, but for hosts in another role: this one is not bound to it.\n\n\
             What to look at: what the host really is. A relay that nobody wrote down is common; so is an administrator \
             who browses from a server.\n\n\
             What else looks the same: a site file that is out of date."
        }
        FindingCode::SwitchedOff => {
            "What it means: the only requirements that cover this are off at this site: of a feature that is switched \
             off, of another region, of a version that is not in use, or of a page that the site does not use.\n\n\
             What to look at: the condition in the message. Either the site uses the feature and the site file should say \
             so, or a host is configured otherwise than the others.\n\n\
             What else looks the same: a host that was moved from another tenant or region."
        }
        FindingCode::Expired => {
            "What it means: the destination was on the page for a time that is over, or that has not begun.\n\n\
             What to look at: the host's version and configuration. An old address that is still used may belong to \
             somebody else by now.\n\n\
             What else looks the same: a clock that is wrong on the machine that captured. `--as-of` sets the day."
        }
        FindingCode::ListGap => {
            "What it means: the name lies under a domain that the vendor's lists use, but no list has it. Vendors' lists \
             lag behind their products.\n\n\
             What to look at: which program asks for it, and newer editions of the page. Ask the vendor before it is \
             allowed.\n\n\
             What else looks the same: the vendor's web site in somebody's browser, which no agent needs."
        }
        FindingCode::HidesNames => {
            "What it means: a server on no list behaves as one behind which names are hidden. Either all that a host says \
             goes there over TLS, as to a forward proxy that is spoken to over TLS; or connections to names that nobody \
             asked for in clear follow what it says, as behind a resolver over HTTPS. Packets do not show what is asked \
             of it, so what the host lacks elsewhere proves nothing.\n\n\
             What to look at: the proxy and resolver settings of the host. Tell a proxy under [proxies] in the site file, a \
             resolver with https-resolvers under [dns]; then it is counted as that.\n\n\
             What else looks the same: a program that talks to one server only, in a capture of that program alone; a \
             program that has addresses from a file, beside any long connection."
        }
        FindingCode::UnexpectedName => {
            "What it means: a host of the site went to a named destination that no requirement covers.\n\n\
             What to look at: the program on the host. Then one of three: a requirement of your own, an [[ignore]] in the \
             site file, or a firewall rule that stops it.\n\n\
             What else looks the same: operating system updates, certificate checks and time servers, which every host \
             has and no agent's page lists."
        }
        FindingCode::OtherAddress => {
            "What it means: an address that the site file does not know has the MAC address of one that it does, on the \
             captured link itself. It is the same host: an IPv6 address beside IPv4, a privacy address, an alias. What it \
             does is not audited until it has a role.\n\n\
             What to look at: the flows in the finding, and the host's own addresses. Add the address, or its network, to \
             the roles of the host.\n\n\
             What else looks the same: a virtual machine or container that shares the card of its host; an address that \
             moved from one host to another."
        }
        FindingCode::Unnamed => {
            "What it means: nothing in the capture says which name the destination has, and no requirement lists its \
             address. So it cannot be told whether it is covered.\n\n\
             What to look at: start the capture before the program, so that its lookup is seen; flush the host's DNS \
             cache. Names that were resolved through DNS over HTTPS are not visible.\n\n\
             What else looks the same: programs that go to addresses without a name."
        }
        FindingCode::BothAlternatives => {
            "What it means: the page gives two ways that exclude each other, and the capture shows both.\n\n\
             What to look at: which hosts use which. Usually some of them kept an old configuration.\n\n\
             What else looks the same: a fallback from one to the other while the first was down."
        }
        FindingCode::NeverSeen => {
            "What it means: a requirement is required and active, hosts in its source role were there, and nothing in the \
             capture used it. `never_resolved`: nobody asked DNS for its names. `asked_without_address`: \
             somebody asked, and no address was seen. `names_hidden`: no name of it was seen, but \
             names of a host that may go there are hidden: by DNS over TLS, QUIC or HTTPS, a proxy, encrypted hellos, or \
             connections from before the capture. `shared_connection`: a name was asked for, and a connection to another \
             name at its address may serve it too. `other_way`: its name server was asked over TLS, QUIC or HTTPS. \
             `resolved_never_tried`: somebody asked, \
             and nobody went there. `never_tried`: it has no name that could be asked for.\n\n\
             What to look at: how long the capture is; updates may come once a day. After `resolved_never_tried` look \
             for something that stops the traffic before the place of capture, such as the host's own firewall.\n\n\
             What else looks the same: a feature that is not in use (switch it off in the site file), a connection that \
             was open since before the capture, and a proxy that is used instead."
        }
        FindingCode::Recovered => {
            "What it means: the same host was stopped on its way to the same aim, as the evidence shows, and got through \
             later. Something on the path changed in between: a rule was opened, a route came back.\n\n\
             What to look at: the time of the last packet that was stopped, beside the log of changes.\n\n\
             What else looks the same: a server that was down and came up; a limit on new connections."
        }
        FindingCode::Intercepted => {
            "What it means: the aim is reached, but the certificate that the client was shown is signed by something that \
             is no public CA and that signs for unrelated names too: TLS is opened on the path, and this client trusts \
             what opens it. Vendors of agents ask for exemptions, since agents that pin certificates fail there.\n\n\
             What to look at: the issuer's name, and whether all names in the finding are meant to be inspected. TLS 1.3 \
             hides certificates, so more may be opened than is told.\n\n\
             What else looks the same: a private CA that signs for several unrelated names of one owner."
        }
        FindingCode::Degraded => {
            "What it means: the aim is reached every time, but one way to it always fails: IPv6 beside IPv4, or QUIC \
             beside TCP. Users notice a delay and nothing more. Or each of several connections opens and then stalls, so \
             that what is wanted of it is never had to the end.\n\n\
             What to look at: whether the failing way is wanted. Open it, or take it away, so that nobody waits for it. \
             Of stalls: what cuts off connections that are under way.\n\n\
             What else looks the same: a server that publishes an address on which it does not listen."
        }
    }
}

/// Words of verdicts, by what they are words of.
fn verdict_words() -> [(&'static str, Vec<Explained>); 5] {
    [
        (
            "outcome of a flow or an intent",
            in_words(OUTCOMES, Outcome::as_str),
        ),
        (
            "outcome of a requirement",
            in_words(STATUSES, StatusKind::as_str),
        ),
        (
            "reason why a requirement was not seen",
            in_words(ABSENCES, NotSeen::as_str),
        ),
        ("stage", in_words(STAGES, Stage::as_str)),
        ("grade of evidence", in_words(GRADES, Grade::as_str)),
    ]
}

/// A word and what it means.
type Explained = (&'static str, &'static str);

fn in_words<T: Copy>(table: &[(T, &'static str)], word: fn(T) -> &'static str) -> Vec<Explained> {
    let table = table.iter();
    table.map(|(one, about)| (word(*one), *about)).collect()
}

const OUTCOMES: &[(Outcome, &str)] = &[
    (Outcome::Ok, "the aim was reached."),
    (
        Outcome::OkAfterRetry,
        "the aim was reached after failures, by the same host, with nothing failing since.",
    ),
    (
        Outcome::Degraded,
        "the aim was reached, but one way to it always fails, or each connection stalls later; the grade is that of what \
         failed.",
    ),
    (
        Outcome::BlockedConfirmed,
        "stopped, and a device said so (evidence of grade A).",
    ),
    (
        Outcome::BlockedLikely,
        "stopped, by a strong pattern with a control that works (evidence of grade B).",
    ),
    (
        Outcome::FailedUnattributed,
        "it failed, and several causes fit equally well (evidence of grade C alone).",
    ),
    (
        Outcome::Inconclusive,
        "it cannot be told how it went: only one direction was captured, the capture begins or ends in the middle, or \
         frames were lost. Such captures can only lower a verdict, never make one worse.",
    ),
    (
        Outcome::RaceLost,
        "given up because another attempt at the same aim was faster; no failure.",
    ),
    (Outcome::Unexpected, "no active requirement covers it."),
    (
        Outcome::Unnamed,
        "it has no name, and no requirement lists its address.",
    ),
    (
        Outcome::OutOfScope,
        "not audited: neither end is a host of the site, or the site file leaves it out, or both ends are the \
         host itself (loopback) and no role lists that, or it is what every network has.",
    ),
];

const STATUSES: &[(StatusKind, &str)] = &[
    (
        StatusKind::Violated,
        "what the page says must not be, is: a port that has to stay closed let somebody in.",
    ),
    (
        StatusKind::Satisfied,
        "a flow that the requirement covers reached its aim.",
    ),
    (StatusKind::Blocked, "a host's last tries were stopped."),
    (
        StatusKind::Failed,
        "a host's last tries failed, and who did it cannot be told.",
    ),
    (
        StatusKind::Inconclusive,
        "there were tries, but how they went cannot be told; or the host was reached, but not as the row asks (its path \
         not visible, or not by TLS).",
    ),
    (
        StatusKind::NotSeen,
        "nothing in the capture used the requirement; the reason says why.",
    ),
    (
        StatusKind::NotActive,
        "the site's choices switch the requirement off; the reason says which.",
    ),
];

const ABSENCES: &[(NotSeen, &str)] = &[
    (
        NotSeen::NeverResolved,
        "no host asked DNS for any of the requirement's names.",
    ),
    (
        NotSeen::NoAddress,
        "a host asked DNS for one of the requirement's names, and no address was seen.",
    ),
    (
        NotSeen::ResolvedNeverTried,
        "a host asked DNS for one of the requirement's names and did not go there.",
    ),
    (
        NotSeen::NeverTried,
        "the requirement lists no name to ask for, and no host went there.",
    ),
    (
        NotSeen::NamesHidden,
        "no name of the requirement was seen, but names of a host that may go there are hidden: whether it did cannot be told.",
    ),
    (
        NotSeen::SharedConnection,
        "a host asked DNS for one of the requirement's names while it had a connection to another name, at the address that \
         DNS gave or with a certificate that has both, which may serve both.",
    ),
    (
        NotSeen::OtherWay,
        "the requirement's name server was asked over TLS, QUIC or HTTPS instead of in clear.",
    ),
    (
        NotSeen::NoInitiator,
        "no host in the requirement's source role sent anything, so there was nobody to use it.",
    ),
    (
        NotSeen::Sampled,
        "of the hosts in the requirement's source role only samples of packets (sFlow) are there, and what is not among them is \
         not missing.",
    ),
    (
        NotSeen::NotCarried,
        "the mirror of a cloud that the capture comes from never carries it: NTP, DHCP, instance metadata.",
    ),
    (
        NotSeen::ClosedAsAsked,
        "who tried what must not be was refused, or got no answer.",
    ),
    (NotSeen::NothingForbidden, "nobody tried what must not be."),
];

const STAGES: &[(Stage, &str)] = &[
    (Stage::Dns, "looking up the name."),
    (Stage::Connect, "making the transport connection."),
    (Stage::Proxy, "asking an explicit proxy for the aim."),
    (
        Stage::Tls,
        "the TLS handshake, to both sides' last messages.",
    ),
    (Stage::Http, "the HTTP request and its answer."),
    (Stage::Quic, "the QUIC handshake."),
    (Stage::Udp, "other datagrams and their answers."),
    (Stage::Late, "after data had flowed."),
];

const GRADES: &[(Grade, &str)] = &[
    (
        Grade::A,
        "a device said so, or both sides of it were captured.",
    ),
    (
        Grade::B,
        "a strong pattern, in most cases with a control: something nearby that works and so tells the cause from others.",
    ),
    (
        Grade::C,
        "a pattern that other causes make too; never enough to call something blocked.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_a_report_is_explained() {
        let findings = FindingCode::ALL.iter().map(|code| code.as_str());
        let evidence = Code::ALL.iter().map(|code| code.as_str());
        for word in findings.chain(evidence) {
            let text = explain(word).unwrap_or_default();
            assert!(text.starts_with(word) && text.len() > 100, "{word}: {text}");
        }
        for code in FindingCode::ALL {
            for part in [
                "What it means:",
                "What to look at:",
                "What else looks the same:",
            ] {
                assert!(
                    explain_finding(*code).contains(part),
                    "{code} does not say {part}"
                );
            }
        }
        fn has_all<T: Copy + PartialEq + std::fmt::Display>(table: &[(T, &str)], all: &[T]) {
            for one in all {
                assert!(table.iter().any(|(known, _)| known == one), "{one}");
            }
            assert_eq!(table.len(), all.len());
        }
        has_all(OUTCOMES, Outcome::ALL);
        has_all(STATUSES, StatusKind::ALL);
        has_all(ABSENCES, NotSeen::ALL);
        has_all(STAGES, Stage::ALL);
        has_all(GRADES, Grade::ALL);
    }

    #[test]
    fn a_word_with_two_meanings_has_both() {
        let text = explain("degraded").unwrap();
        assert!(text.contains("A finding of severity low"), "{text}");
        assert!(
            text.contains("degraded (outcome of a flow or an intent)"),
            "{text}"
        );
    }

    #[test]
    fn the_page_of_codes_is_as_it_is_made() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/CODES.md");
        let page = std::fs::read_to_string(path).unwrap();
        let mark = "<!-- from here on: what `pktaudit explain` knows -->\n\n";
        let (written, made) = page.split_once(mark).unwrap();
        if std::env::var_os("PKTAUDIT_BLESS").is_some() {
            std::fs::write(path, format!("{written}{mark}{}", explained_page())).unwrap();
            return;
        }
        assert!(
            made == explained_page(),
            "PKTAUDIT_BLESS=1 cargo test --lib page_of_codes writes docs/CODES.md anew"
        );
    }

    #[test]
    fn case_does_not_matter_and_unknown_words_are_none() {
        assert_eq!(explain("T-syn0"), explain("t-SYN0"));
        assert!(explain("T-syn0").unwrap().contains("stage connect"));
        assert_eq!(explain("=cmd"), None);
        assert!(explained().lines().count() > 40);
    }
}
