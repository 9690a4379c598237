//! Which addresses may be called. What the operator named in the configuration may be anywhere; what
//! was named over the API must be on the public internet, or in a network the operator allows.
//!
//! Sources: IANA's special-purpose address registries for IPv4 and IPv6 (RFC 6890 and its updates).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

/// Who named a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// The configuration file: its word is enough, and it may be private.
    Operator,
    /// The holder of a key, over the API: guarded.
    Api,
}

/// An address that is not called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the address {address} is {what}; [outgoing] allow_networks can allow it")]
pub struct Refusal {
    /// Which.
    pub address: IpAddr,
    /// What it is.
    pub what: &'static str,
}

/// Decides which addresses may be called.
#[derive(Debug, Clone)]
pub struct Networks {
    allowed: Vec<IpNet>,
    refused: Vec<(IpNet, &'static str)>,
}

/// What is refused, the first that fits. Metadata services hand out a machine's credentials to any process
/// on it, and some of them have addresses that look public.
const REFUSED: &[(&str, &str)] = &[
    ("169.254.169.254/32", "a cloud's metadata service"),
    ("100.100.100.200/32", "a cloud's metadata service"),
    ("168.63.129.16/32", "a cloud's metadata service"),
    ("192.0.0.192/32", "a cloud's metadata service"),
    ("0.0.0.0/8", "unspecified"),
    ("10.0.0.0/8", "private"),
    ("100.64.0.0/10", "shared by a carrier"),
    ("127.0.0.0/8", "loopback"),
    ("169.254.0.0/16", "link-local"),
    ("172.16.0.0/12", "private"),
    ("192.0.0.0/24", "reserved"),
    ("192.0.2.0/24", "for documentation"),
    ("192.88.99.0/24", "reserved"),
    ("192.168.0.0/16", "private"),
    ("198.18.0.0/15", "for benchmarks"),
    ("198.51.100.0/24", "for documentation"),
    ("203.0.113.0/24", "for documentation"),
    ("224.0.0.0/4", "multicast"),
    ("255.255.255.255/32", "broadcast"),
    ("240.0.0.0/4", "reserved"),
    ("fd00:ec2::254/128", "a cloud's metadata service"),
    ("fd20:ce::254/128", "a cloud's metadata service"),
    ("::/128", "unspecified"),
    ("::1/128", "loopback"),
    ("64:ff9b:1::/48", "of a local translator"),
    ("2001::/23", "reserved"),
    ("2001:db8::/32", "for documentation"),
    ("3fff::/20", "for documentation"),
    ("fc00::/7", "private"),
    ("fe80::/10", "link-local"),
    ("fec0::/10", "private"),
    ("ff00::/8", "multicast"),
];

/// All that is given out of IPv6 so far; the rest is unassigned.
const GIVEN_OUT: &str = "2000::/3";

impl Networks {
    /// Everything public, and these networks.
    pub fn new(allowed: Vec<IpNet>) -> Networks {
        let parse = |text: &str| text.parse().expect("the table holds networks");
        Networks {
            allowed,
            refused: REFUSED
                .iter()
                .map(|(network, what)| (parse(network), *what))
                .collect(),
        }
    }

    /// Whether a target named over the API may have this address.
    pub fn check(&self, address: IpAddr) -> Result<(), Refusal> {
        let within = within(address).map(IpAddr::V4);
        let allows = |address| {
            self.allowed
                .iter()
                .any(|network| network.contains(&address))
        };
        if allows(address) || within.is_some_and(allows) {
            return Ok(());
        }
        match self.what(address) {
            Some(what) => Err(Refusal { address, what }),
            None => Ok(()),
        }
    }

    /// What is wrong with an address, if something is.
    fn what(&self, address: IpAddr) -> Option<&'static str> {
        let listed = self
            .refused
            .iter()
            .find(|(network, _)| network.contains(&address));
        if let Some((_, what)) = listed {
            return Some(what);
        }
        if let Some(within) = within(address) {
            return self.what(IpAddr::V4(within));
        }
        let given_out: IpNet = GIVEN_OUT.parse().expect("it is a network");
        (address.is_ipv6() && !given_out.contains(&address)).then_some("reserved")
    }
}

/// The IPv4 address that is reached by way of an IPv6 address: mapped and compatible (RFC 4291),
/// translated (RFC 2765), behind a NAT64 (RFC 6052) or 6to4 (RFC 3056).
fn within(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(address) = address else {
        return None;
    };
    let parts = address.segments();
    let of = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match parts {
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low]
        | [0, 0, 0, 0, 0xffff, 0, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
            if !matches!(address, Ipv6Addr::UNSPECIFIED | Ipv6Addr::LOCALHOST) =>
        {
            Some(of(high, low))
        }
        [0x2002, high, low, ..] => Some(of(high, low)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(allowed: &[&str], address: &str, expected: Option<&str>) {
        let allowed = allowed
            .iter()
            .map(|network| network.parse().expect("it is one"))
            .collect();
        let found = Networks::new(allowed)
            .check(address.parse().expect("it is an address"))
            .err();
        assert_eq!(found.map(|refusal| refusal.what), expected, "{address}");
    }

    #[test]
    fn only_public_addresses_are_called() {
        let metadata = Some("a cloud's metadata service");
        for (address, expected) in [
            ("8.8.8.8", None),
            ("1.1.1.1", None),
            ("100.63.255.255", None),
            ("100.128.0.0", None),
            ("172.15.255.255", None),
            ("172.32.0.0", None),
            ("223.255.255.255", None),
            ("2a00:1450:4001::1", None),
            ("2606:4700::1111", None),
            ("0.0.0.0", Some("unspecified")),
            ("0.1.2.3", Some("unspecified")),
            ("10.0.0.1", Some("private")),
            ("100.64.0.1", Some("shared by a carrier")),
            ("100.127.255.255", Some("shared by a carrier")),
            ("127.0.0.1", Some("loopback")),
            ("127.255.255.254", Some("loopback")),
            ("169.254.0.1", Some("link-local")),
            ("169.254.169.254", metadata),
            ("168.63.129.16", metadata),
            ("100.100.100.200", metadata),
            ("172.16.0.1", Some("private")),
            ("172.31.255.255", Some("private")),
            ("192.0.0.8", Some("reserved")),
            ("192.0.2.1", Some("for documentation")),
            ("192.168.1.1", Some("private")),
            ("198.19.255.255", Some("for benchmarks")),
            ("198.51.100.7", Some("for documentation")),
            ("203.0.113.7", Some("for documentation")),
            ("224.0.0.1", Some("multicast")),
            ("239.255.255.255", Some("multicast")),
            ("240.0.0.1", Some("reserved")),
            ("255.255.255.255", Some("broadcast")),
            ("::", Some("unspecified")),
            ("::1", Some("loopback")),
            ("fd00:ec2::254", metadata),
            ("fd12:3456::1", Some("private")),
            ("fe80::1", Some("link-local")),
            ("fec0::1", Some("private")),
            ("ff02::1", Some("multicast")),
            ("100::1", Some("reserved")),
            ("2001:0:1::1", Some("reserved")),
            ("2001:db8::1", Some("for documentation")),
            ("3fff::1", Some("for documentation")),
            ("5f00::1", Some("reserved")),
            ("64:ff9b:1::a00:1", Some("of a local translator")),
        ] {
            check(&[], address, expected);
        }
    }

    #[test]
    fn an_address_inside_another_is_judged_by_itself() {
        for (address, expected) in [
            ("::ffff:127.0.0.1", Some("loopback")),
            ("::ffff:10.1.2.3", Some("private")),
            ("::ffff:8.8.8.8", None),
            ("::127.0.0.1", Some("loopback")),
            ("::ffff:0:192.168.0.1", Some("private")),
            (
                "64:ff9b::169.254.169.254",
                Some("a cloud's metadata service"),
            ),
            ("64:ff9b::10.0.0.1", Some("private")),
            ("64:ff9b::8.8.8.8", None),
            ("2002:7f00:1::", Some("loopback")),
            ("2002:c0a8:101::1", Some("private")),
            ("2002:808:808::1", None),
        ] {
            check(&[], address, expected);
        }
    }

    #[test]
    fn what_the_operator_allows_is_called() {
        let networks = ["10.1.0.0/16", "fd12::/16"];
        for (address, expected) in [
            ("10.1.2.3", None),
            ("::ffff:10.1.2.3", None),
            ("fd12::1", None),
            ("10.2.0.1", Some("private")),
            ("::ffff:10.2.0.1", Some("private")),
            ("fd13::1", Some("private")),
        ] {
            check(&networks, address, expected);
        }
    }

    #[test]
    fn a_refusal_names_the_address_and_the_remedy() {
        let error = Networks::new(Vec::new())
            .check("127.0.0.1".parse().expect("it is an address"))
            .expect_err("it is loopback");
        assert_eq!(
            error.to_string(),
            "the address 127.0.0.1 is loopback; [outgoing] allow_networks can allow it"
        );
    }
}
