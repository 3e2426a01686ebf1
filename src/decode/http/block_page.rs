//! Pages by which web filters say that they block.

/// How many bytes of a body are looked at: the marks stand in the head or in a page's title.
pub const BLOCK_PAGE_BYTES: usize = 2048;

/// What stands in the head or at the start of such pages, in lower case, as the products' own manuals and default
/// pages have it, and what is said of it.
const MARKS: &[(&str, &str)] = &[
    ("/fgd_icon.png", "FortiGuard"),
    ("fortiguard intrusion prevention", "FortiGuard"),
    ("fortiguard web filtering", "FortiGuard"),
    ("url_block.gif", "a web filter"),
    ("x-squid-error: err_access_denied", "Squid"),
    ("err_access_denied", "Squid"),
    ("gateway.zscaler", "Zscaler"),
    ("this page has been blocked by zscaler", "Zscaler"),
    ("block.opendns.com", "OpenDNS"),
    ("blocked.opendns.com", "OpenDNS"),
    ("block-page.", "a web filter"),
    ("/blockpage.cgi", "Websense"),
    ("<title>web page blocked</title>", "a web filter"),
    ("<title>web site blocked</title>", "a web filter"),
    ("<title>application blocked</title>", "a web filter"),
    (
        "<title>access to this site is blocked</title>",
        "a web filter",
    ),
    ("<title>url blocked</title>", "a web filter"),
    ("(policy_denied)", "ProxySG"),
    ("mcafee web gateway", "McAfee Web Gateway"),
    ("/webadmin/deny", "Netsweeper"),
    ("e2guardian", "e2guardian"),
    ("dansguardian", "DansGuardian"),
    ("ciscoironport", "Cisco web security"),
    ("sophos web appliance", "Sophos"),
    ("barracuda web filter", "Barracuda"),
];

/// Whether answers of that status may be such a page.
#[must_use]
pub const fn may_be_block_page(status: u16) -> bool {
    matches!(status, 302 | 303 | 307 | 403 | 503)
}

/// Who says in a response that it blocks; `None` where nobody does.
#[must_use]
pub fn block_page(response: &[u8]) -> Option<&'static str> {
    let shown = response.len().min(BLOCK_PAGE_BYTES * 4);
    let text = String::from_utf8_lossy(&response[..shown]).to_ascii_lowercase();
    let mark = MARKS.iter().find(|(mark, _)| text.contains(mark));
    mark.map(|(_, who)| *who)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_of_filters_are_known_and_refusals_of_servers_are_not() {
        let squid = b"HTTP/1.1 403 Forbidden\r\nServer: squid\r\nX-Squid-Error: ERR_ACCESS_DENIED 0\r\n\r\n";
        assert_eq!(block_page(squid), Some("Squid"));
        let page = b"HTTP/1.1 403 Forbidden\r\n\r\n<html><head><title>Web Page Blocked</title>";
        assert_eq!(block_page(page), Some("a web filter"));
        let own = b"HTTP/1.1 403 Forbidden\r\nServer: nginx\r\n\r\n<title>403 Forbidden</title>";
        assert_eq!(block_page(own), None);
    }
}
