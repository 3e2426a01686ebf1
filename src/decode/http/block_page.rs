//! Pages by which web filters and proxies say that they deny.

use serde::{Deserialize, Serialize};

/// How many bytes of a body are looked at: the marks stand in the head, in a page's title, or in a short page.
pub const BLOCK_PAGE_BYTES: usize = 2048;

/// Who denies, as far as a page says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Denial {
    /// The product.
    pub by: String,
    /// What the page says of it.
    pub says: Says,
}

/// What a page of denial says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Says {
    /// The product's own page, which names its policy as the reason.
    Policy,
    /// It has the marks of a filter's page.
    Filter,
    /// The page of a product that stands in front of servers as often as in front of clients: only where it is a
    /// proxy that answers is it the proxy's own.
    Either,
}

/// What stands in the head or at the start of such pages, in lower case, as the products' own manuals, templates and
/// default pages have it, what is said of it, and whether it may stand under a status of success: only what no page
/// about the product has too.
const MARKS: &[(&str, &str, Says, bool)] = &[
    // Squid's error name (src/err_type.h): http_access or another access list denies.
    (
        "x-squid-error: err_access_denied",
        "Squid",
        Says::Policy,
        false,
    ),
    ("err_access_denied", "Squid", Says::Policy, false),
    // Privoxy's status line (filters.c), also under 200 with handle-as-empty-doc-returns-ok, and its template's title.
    (
        " request blocked by privoxy\r\n",
        "Privoxy",
        Says::Policy,
        true,
    ),
    (
        "<title>request blocked (privoxy@",
        "Privoxy",
        Says::Policy,
        true,
    ),
    // tinyproxy's words for its filter and for its access list (reqs.c, acl.c).
    (
        "the request you made has been filtered",
        "tinyproxy",
        Says::Policy,
        false,
    ),
    (
        "the administrator of this proxy has not configured it to service requests from your host",
        "tinyproxy",
        Says::Policy,
        false,
    ),
    // HAProxy's page of `http-request deny`.
    (
        "request forbidden by administrative rules.",
        "HAProxy",
        Says::Either,
        false,
    ),
    // The words of PAN-OS's default pages.
    (
        "has been blocked in accordance with company policy",
        "PAN-OS",
        Says::Policy,
        true,
    ),
    (
        "<title>fortiguard intrusion prevention - access blocked",
        "FortiGuard",
        Says::Policy,
        true,
    ),
    // The title of FortiOS' older replacement messages, and the heading of its page.
    (
        "<title>web filter violation</title>",
        "FortiGuard",
        Says::Policy,
        true,
    ),
    (
        "<h2>fortiguard intrusion prevention - access blocked</h2>",
        "FortiGuard",
        Says::Policy,
        true,
    ),
    (
        "<title>dansguardian - access denied",
        "DansGuardian",
        Says::Policy,
        true,
    ),
    (
        "<title>e2guardian - access denied",
        "e2guardian",
        Says::Policy,
        true,
    ),
    ("<title>dansguardian - ", "DansGuardian", Says::Filter, true),
    ("<title>e2guardian - ", "e2guardian", Says::Filter, true),
    // The exception's name on ProxySG's default pages.
    ("(policy_denied)", "ProxySG", Says::Policy, true),
    ("/fgd_icon.png", "FortiGuard", Says::Filter, false),
    (
        "fortiguard intrusion prevention",
        "FortiGuard",
        Says::Filter,
        false,
    ),
    (
        "fortiguard web filtering",
        "FortiGuard",
        Says::Filter,
        false,
    ),
    ("url_block.gif", "a web filter", Says::Filter, false),
    ("gateway.zscaler", "Zscaler", Says::Filter, false),
    (
        "this page has been blocked by zscaler",
        "Zscaler",
        Says::Filter,
        true,
    ),
    ("block.opendns.com", "OpenDNS", Says::Filter, false),
    ("blocked.opendns.com", "OpenDNS", Says::Filter, false),
    ("block-page.", "a web filter", Says::Filter, false),
    ("/blockpage.cgi", "Websense", Says::Filter, false),
    (
        "<title>web page blocked</title>",
        "a web filter",
        Says::Filter,
        true,
    ),
    (
        "<title>web site blocked</title>",
        "a web filter",
        Says::Filter,
        true,
    ),
    (
        "<title>application blocked</title>",
        "a web filter",
        Says::Filter,
        true,
    ),
    (
        "<title>access to this site is blocked</title>",
        "a web filter",
        Says::Filter,
        true,
    ),
    (
        "<title>url blocked</title>",
        "a web filter",
        Says::Filter,
        true,
    ),
    (
        "mcafee web gateway",
        "McAfee Web Gateway",
        Says::Filter,
        false,
    ),
    ("/webadmin/deny", "Netsweeper", Says::Filter, false),
    ("e2guardian", "e2guardian", Says::Filter, false),
    ("dansguardian", "DansGuardian", Says::Filter, false),
    ("ciscoironport", "Cisco web security", Says::Filter, false),
    ("sophos web appliance", "Sophos", Says::Filter, false),
    ("barracuda web filter", "Barracuda", Says::Filter, false),
];

/// Whether answers of that status may be such a page; those of success only where they are of `html`.
#[must_use]
pub const fn may_be_block_page(status: u16, html: bool) -> bool {
    matches!(status, 302 | 303 | 307 | 403 | 503) || status == 200 && html
}

/// Who says in a response, of which `status` is the status, that it denies; `None` where nobody does.
#[must_use]
pub fn block_page(response: &[u8], status: u16) -> Option<Denial> {
    let shown = response.len().min(BLOCK_PAGE_BYTES * 4);
    let text = String::from_utf8_lossy(&response[..shown]).to_ascii_lowercase();
    let mut marks = MARKS
        .iter()
        .filter(|(.., anywhere)| *anywhere || status != 200);
    let (_, by, says, _) = marks.find(|(mark, ..)| text.contains(mark))?;
    Some(Denial {
        by: (*by).to_owned(),
        says: *says,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_filters_are_known_and_refusals_of_servers_are_not() {
        let says = |response: &[u8], status| {
            block_page(response, status).map(|denial| (denial.by, denial.says))
        };
        let told = |by: &str, says| Some((by.to_owned(), says));
        let squid = b"HTTP/1.1 403 Forbidden\r\nServer: squid\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\n\r\n";
        assert_eq!(says(squid, 403), told("Squid", Says::Policy));
        let page = b"HTTP/1.1 403 Forbidden\r\n\r\n<html><head><title>Web Page Blocked</title>";
        assert_eq!(says(page, 403), told("a web filter", Says::Filter));
        let own = b"HTTP/1.1 403 Forbidden\r\nServer: nginx\r\n\r\n<title>403 Forbidden</title>";
        assert_eq!(says(own, 403), None);
        let front = b"HTTP/1.1 403 Forbidden\r\n\r\n<html><body><h1>403 Forbidden</h1>\n\
            Request forbidden by administrative rules.\n</body></html>\n";
        assert_eq!(says(front, 403), told("HAProxy", Says::Either));
    }

    #[test]
    fn a_page_about_a_filter_is_no_denial() {
        let about = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<title>Web filters</title> e2guardian, dansguardian";
        assert_eq!(block_page(about, 200), None);
        let denial = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html><head><title>e2guardian - page denied</title>";
        assert!(block_page(denial, 200).is_some());
        let heading = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<h2>FortiGuard Intrusion Prevention - Access Blocked</h2>";
        assert!(block_page(heading, 200).is_some());
        let notes = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<p>FortiGuard Intrusion Prevention - Access Blocked</p>";
        assert_eq!(block_page(notes, 200), None);
        let empty = b"HTTP/1.1 200 Request blocked by Privoxy\r\nContent-Length: 0\r\n\r\n";
        assert_eq!(
            block_page(empty, 200).map(|denial| denial.says),
            Some(Says::Policy)
        );
    }
}
