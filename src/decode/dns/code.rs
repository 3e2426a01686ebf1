//! Numbers of types and response codes, and their names in the IANA registry.

use std::borrow::Cow;

pub(super) const A: u16 = 1;
pub(super) const NS: u16 = 2;
pub(super) const CNAME: u16 = 5;
pub(super) const SOA: u16 = 6;
pub(super) const PTR: u16 = 12;
pub(super) const MX: u16 = 15;
pub(super) const TXT: u16 = 16;
pub(super) const AAAA: u16 = 28;
pub(super) const SRV: u16 = 33;
pub(super) const DNAME: u16 = 39;
pub(super) const OPT: u16 = 41;
pub(super) const SVCB: u16 = 64;
pub(super) const HTTPS: u16 = 65;

/// The name of a record type, `TYPE123` where it has none (RFC 3597 section 5).
#[must_use]
pub fn type_name(kind: u16) -> Cow<'static, str> {
    let name = match kind {
        A => "A",
        NS => "NS",
        CNAME => "CNAME",
        SOA => "SOA",
        10 => "NULL",
        PTR => "PTR",
        13 => "HINFO",
        MX => "MX",
        TXT => "TXT",
        17 => "RP",
        18 => "AFSDB",
        24 => "SIG",
        25 => "KEY",
        AAAA => "AAAA",
        29 => "LOC",
        32 => "NB",
        SRV => "SRV",
        35 => "NAPTR",
        37 => "CERT",
        DNAME => "DNAME",
        OPT => "OPT",
        43 => "DS",
        44 => "SSHFP",
        45 => "IPSECKEY",
        46 => "RRSIG",
        47 => "NSEC",
        48 => "DNSKEY",
        49 => "DHCID",
        50 => "NSEC3",
        51 => "NSEC3PARAM",
        52 => "TLSA",
        53 => "SMIMEA",
        55 => "HIP",
        59 => "CDS",
        60 => "CDNSKEY",
        61 => "OPENPGPKEY",
        62 => "CSYNC",
        63 => "ZONEMD",
        SVCB => "SVCB",
        HTTPS => "HTTPS",
        99 => "SPF",
        249 => "TKEY",
        250 => "TSIG",
        251 => "IXFR",
        252 => "AXFR",
        255 => "ANY",
        256 => "URI",
        257 => "CAA",
        _ => return Cow::Owned(format!("TYPE{kind}")),
    };
    Cow::Borrowed(name)
}

/// The name of a response code, `RCODE123` where it has none.
#[must_use]
pub fn rcode_name(rcode: u16) -> Cow<'static, str> {
    let name = match rcode {
        0 => "NOERROR",
        1 => "FORMERR",
        2 => "SERVFAIL",
        3 => "NXDOMAIN",
        4 => "NOTIMP",
        5 => "REFUSED",
        6 => "YXDOMAIN",
        7 => "YXRRSET",
        8 => "NXRRSET",
        9 => "NOTAUTH",
        10 => "NOTZONE",
        11 => "DSOTYPENI",
        16 => "BADVERS",
        17 => "BADKEY",
        18 => "BADTIME",
        19 => "BADMODE",
        20 => "BADNAME",
        21 => "BADALG",
        22 => "BADTRUNC",
        23 => "BADCOOKIE",
        _ => return Cow::Owned(format!("RCODE{rcode}")),
    };
    Cow::Borrowed(name)
}
