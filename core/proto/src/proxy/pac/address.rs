//! What scripts do with addresses: isInNet, isInNetEx, convert_addr, sortIpAddressList.

use std::net::{IpAddr, Ipv4Addr};

use crate::proxy::network::Network;

/// Addresses that are sorted at once.
const MAX_SORTED: usize = 4096;

/// Whether an address is in the network that `pattern` and `mask` name in dotted form.
#[must_use]
pub fn is_in_net(address: Ipv4Addr, pattern: &str, mask: &str) -> bool {
    let (Ok(pattern), Ok(mask)) = (pattern.parse::<Ipv4Addr>(), mask.parse::<Ipv4Addr>()) else {
        return false;
    };
    let mask = mask.to_bits();
    address.to_bits() & mask == pattern.to_bits() & mask
}

/// Whether an address is in the network `prefix/bits`; never across families.
#[must_use]
pub fn is_in_net_ex(address: &str, network: &str) -> bool {
    let network = Network::parse(network, parse);
    parse(address)
        .zip(network)
        .is_some_and(|(address, network)| network.contains(address))
}

/// The number that an address in dotted form is; 0 for other text.
#[must_use]
pub fn convert_addr(address: &str) -> u32 {
    address.trim().parse().map_or(0, Ipv4Addr::to_bits)
}

/// A list such as `a;b;c` in order: IPv6 before IPv4; empty if anything in it is no address.
#[must_use]
pub fn sort_ip_address_list(list: &str) -> String {
    let addresses: Option<Vec<IpAddr>> = list.split(';').take(MAX_SORTED + 1).map(parse).collect();
    let mut addresses = match addresses {
        Some(addresses) if addresses.len() <= MAX_SORTED => addresses,
        Some(_) | None => return String::new(),
    };
    addresses.sort_by_key(|address| (address.is_ipv4(), *address));
    joined(&addresses)
}

/// Addresses as scripts get several of them.
#[must_use]
pub fn joined(addresses: &[IpAddr]) -> String {
    let texts: Vec<String> = addresses.iter().map(IpAddr::to_string).collect();
    texts.join(";")
}

fn parse(text: &str) -> Option<IpAddr> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fact_30_2_1_networks_in_dotted_form() {
        for (address, pattern, mask, expected) in [
            ("198.95.249.79", "198.95.249.79", "255.255.255.255", true),
            ("198.95.249.78", "198.95.249.79", "255.255.255.255", false),
            ("198.95.6.8", "198.95.0.0", "255.255.0.0", true),
            ("198.96.6.8", "198.95.0.0", "255.255.0.0", false),
            ("1.2.3.4", "9.9.9.9", "0.0.0.0", true),
            ("1.2.3.4", "1.2.3", "255.255.255.0", false),
            ("1.2.3.4", "1.2.3.0", "24", false),
            ("1.2.3.4", "", "", false),
        ] {
            let address = address.parse().unwrap();
            assert_eq!(
                is_in_net(address, pattern, mask),
                expected,
                "{address} {pattern} {mask}"
            );
        }
        assert_eq!(convert_addr("104.16.41.2"), 1_745_889_538);
        assert_eq!(convert_addr("255.255.255.255"), u32::MAX);
        assert_eq!(convert_addr("host"), 0);
    }

    #[test]
    fn fact_30_2_2_networks_with_a_prefix() {
        for (address, network, expected) in [
            ("198.95.249.79", "198.95.249.79/32", true),
            ("198.95.6.8", "198.95.0.0/16", true),
            ("198.96.6.8", "198.95.0.0/16", false),
            ("1.2.3.4", "0.0.0.0/0", true),
            ("3ffe:8311:ffff:abcd::1", "3ffe:8311:ffff::/48", true),
            ("3ffe:8311:fffe::1", "3ffe:8311:ffff::/48", false),
            ("::1", "::/0", true),
            ("::1", "::1/128", true),
            ("1.2.3.4", "::/0", false),
            ("::1", "0.0.0.0/0", false),
            ("1.2.3.4", "1.2.3.0/33", false),
            ("::1", "::/129", false),
            ("1.2.3.4", "1.2.3.0/", false),
            ("1.2.3.4", "1.2.3.0/+8", false),
            ("1.2.3.4", "1.2.3.0/-1", false),
            ("1.2.3.4", "1.2.3.4", false),
            ("1.2.3.4", "1.2.3/24", false),
            ("host", "1.2.3.0/24", false),
            ("1.2.3.4", "1.2.3.0/99999999999", false),
        ] {
            assert_eq!(
                is_in_net_ex(address, network),
                expected,
                "{address} {network}"
            );
        }
    }

    #[test]
    fn fact_30_2_2_ipv6_is_sorted_before_ipv4() {
        for (list, expected) in [
            (
                "10.2.3.9;2001:4898:28:3::1;::1;127.0.0.1",
                "::1;2001:4898:28:3::1;10.2.3.9;127.0.0.1",
            ),
            ("1.2.3.4", "1.2.3.4"),
            (" ::1 ; 1.2.3.4", "::1;1.2.3.4"),
            ("", ""),
            ("1.2.3.4;", ""),
            ("1.2.3.4;host", ""),
        ] {
            assert_eq!(sort_ip_address_list(list), expected, "{list:?}");
        }
        let many = vec!["::1"; MAX_SORTED + 1].join(";");
        assert_eq!(sort_ip_address_list(&many), "");
    }
}
