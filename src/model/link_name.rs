//! Names of link types that are not decoded, for people.

/// The layer of a stop at a header that is not known and behind which an IP packet lies.
pub const HIDING: &str = "hiding";

/// What a link type is called, and whether frames of it may carry a network's packets; `None` for numbers that are not
/// in <https://www.tcpdump.org/linktypes.html> as of 2026.
#[must_use]
pub fn link_type_name(link_type: u16) -> Option<(&'static str, bool)> {
    let known = NAMES.iter().find(|(number, ..)| *number == link_type);
    match known {
        Some((_, name, network)) => Some((name, *network)),
        None if (147..=162).contains(&link_type) => Some(("reserved for private use", true)),
        None => None,
    }
}

/// Number, name, whether it may carry a network's packets; ascending by number.
const NAMES: [(u16, &str, bool); 74] = [
    (3, "AX.25 packet radio", true),
    (7, "ARCNET of BSD", true),
    (8, "SLIP", true),
    (11, "ATM of RFC 1483", true),
    (15, "SLIP of BSD/OS", true),
    (16, "PPP of BSD/OS", true),
    (17, "pflog of OpenBSD before 3.4", true),
    (18, "pfsync of OpenBSD", false),
    (32, "redback SmartEdge", true),
    (99, "Symantec Enterprise Firewall", true),
    (100, "ATM of RFC 1483", true),
    (106, "ATM with LLC of Linux", true),
    (114, "LocalTalk", false),
    (118, "Cisco IOS", true),
    (122, "IP over Fibre Channel", true),
    (123, "SunATM", true),
    (125, "HIPPI of NetBSD", true),
    (129, "ARCNET of Linux", true),
    (130, "Juniper MLPPP", true),
    (131, "Juniper MLFR", true),
    (132, "Juniper encryption service", true),
    (133, "Juniper GGSN", true),
    (134, "Juniper MFR", true),
    (135, "Juniper ATM2", true),
    (137, "Juniper ATM1", true),
    (138, "IP over IEEE 1394 of Apple", true),
    (139, "SS7 MTP2", false),
    (140, "SS7 MTP2", false),
    (141, "SS7 MTP3", false),
    (142, "SS7 SCCP", false),
    (143, "DOCSIS", true),
    (144, "IrDA of Linux", false),
    (165, "BACnet MS/TP", false),
    (169, "GPRS LLC", true),
    (170, "GFP", true),
    (171, "GFP", true),
    (172, "Gcom's T1 and E1", true),
    (173, "Gcom's serial", true),
    (177, "ISDN LAPD of Linux", false),
    (182, "Juniper MFR", true),
    (187, "Bluetooth HCI", false),
    (189, "USB of Linux", false),
    (190, "CAN", false),
    (191, "IEEE 802.15.4", false),
    (194, "Juniper ISM", true),
    (195, "IEEE 802.15.4", false),
    (196, "SITA", true),
    (198, "Raisecom", true),
    (199, "IPMB", false),
    (200, "Juniper ST", true),
    (201, "Bluetooth HCI", false),
    (203, "ISDN LAPD", false),
    (209, "I2C of Linux", false),
    (215, "IEEE 802.15.4", false),
    (220, "USB of Linux", false),
    (224, "Fibre Channel FC-2", false),
    (225, "Fibre Channel FC-2", false),
    (227, "CAN", false),
    (230, "IEEE 802.15.4", false),
    (231, "D-Bus", false),
    (238, "Juniper ATM", true),
    (243, "MPEG-2 transport stream", false),
    (245, "near field communication", false),
    (247, "InfiniBand", true),
    (249, "USB of Windows", false),
    (251, "Bluetooth LE", false),
    (252, "Wireshark's exported PDUs", true),
    (253, "netlink of Linux", false),
    (254, "Bluetooth of Linux", false),
    (256, "Bluetooth LE", false),
    (266, "USB of macOS", false),
    (271, "vsock", false),
    (292, "DPDK's interfaces", true),
    (
        u16::MAX,
        "a link that its file numbers in its own way",
        true,
    ),
];

/// The numbers of the table.
#[cfg(test)]
pub(crate) fn named_links() -> impl Iterator<Item = u16> {
    NAMES.iter().map(|(number, ..)| *number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_in_order_and_knows_private_numbers() {
        assert!(NAMES.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!(
            link_type_name(150),
            Some(("reserved for private use", true))
        );
        assert_eq!(link_type_name(189), Some(("USB of Linux", false)));
        assert_eq!(link_type_name(9999), None);
    }
}
