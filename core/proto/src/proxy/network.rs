//! Networks of addresses: `address/bits`, and which addresses are in one.

use std::net::IpAddr;

/// The addresses that begin with the same bits as this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Network {
    address: IpAddr,
    /// At most as many as an address of the family has.
    bits: u8,
}

impl Network {
    /// Reads `address/bits`; how the address may be written, each grammar says itself.
    pub(super) fn parse(text: &str, address: impl Fn(&str) -> Option<IpAddr>) -> Option<Self> {
        let (prefix, bits) = text.split_once('/')?;
        let whole = Self::of_one(address(prefix)?);
        let is_number = bits.bytes().all(|byte| byte.is_ascii_digit());
        let bits = bits.parse().ok().filter(|_| is_number)?;
        (bits <= whole.bits).then_some(Self { bits, ..whole })
    }

    /// The network of a single address.
    pub(super) fn of_one(address: IpAddr) -> Self {
        let bits = if address.is_ipv4() { 32 } else { 128 };
        Self { address, bits }
    }

    /// The address as it is written, and how many of its bits count.
    pub(super) fn parts(self) -> (IpAddr, u8) {
        (self.address, self.bits)
    }

    /// The address is in the network; never across families.
    pub(super) fn contains(self, address: IpAddr) -> bool {
        let bits = u32::from(self.bits);
        match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(of)) => {
                let difference = network.to_bits() ^ of.to_bits();
                difference.leading_zeros() >= bits
            }
            (IpAddr::V6(network), IpAddr::V6(of)) => {
                let difference = network.to_bits() ^ of.to_bits();
                difference.leading_zeros() >= bits
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Option<Network> {
        Network::parse(text, |address| address.parse().ok())
    }

    #[test]
    fn the_bits_are_a_number_that_the_family_has() {
        for text in ["1.2.3.4/0", "1.2.3.4/032", "::/0", "::1/128"] {
            assert!(network(text).is_some(), "{text}");
        }
        for text in [
            "",
            "/",
            "/8",
            "1.2.3.4",
            "1.2.3.4/",
            "1.2.3.4/33",
            "1.2.3.4/+8",
            "1.2.3.4/-1",
            "1.2.3.4/ 8",
            "1.2.3.4/8/8",
            "1.2.3.4/256",
            "::/129",
            "1.2.3/8",
        ] {
            assert_eq!(network(text), None, "{text}");
        }
    }

    #[test]
    fn addresses_are_compared_bit_by_bit() {
        for (text, inside, outside) in [
            ("1.2.3.4/0", &["9.9.9.9", "0.0.0.0"][..], &["::", "::1"][..]),
            (
                "128.0.0.0/1",
                &["128.0.0.1", "255.0.0.0"],
                &["127.255.255.255"],
            ),
            (
                "172.16.9.9/12",
                &["172.16.0.0", "172.31.255.255"],
                &["172.15.0.1", "172.32.0.1"],
            ),
            (
                "1.2.3.4/32",
                &["1.2.3.4"],
                &["1.2.3.5", "::102:304", "::ffff:1.2.3.4"],
            ),
            ("::/0", &["2001:db8::1"], &["0.0.0.0"]),
            ("2001:db8::/33", &["2001:db8:7fff::"], &["2001:db8:8000::"]),
            ("::1/128", &["::1"], &["::", "0.0.0.1"]),
        ] {
            let network = network(text).unwrap();
            for (addresses, expected) in [(inside, true), (outside, false)] {
                for address in addresses {
                    assert_eq!(
                        network.contains(address.parse().unwrap()),
                        expected,
                        "{address}"
                    );
                }
            }
        }
        let one = Network::of_one("1.2.3.4".parse().unwrap());
        assert_eq!(Some(one), network("1.2.3.4/32"));
    }
}
