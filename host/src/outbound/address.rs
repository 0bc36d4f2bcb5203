//! Which addresses are public, by the registries of special-purpose addresses:
//! <https://www.iana.org/assignments/iana-ipv4-special-registry> and
//! <https://www.iana.org/assignments/iana-ipv6-special-registry>, as of 2025.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

const fn v4(a: u8, b: u8, c: u8, prefix: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, 0), prefix)
}

const fn v6(first: [u16; 3], prefix: u8) -> Ipv6Net {
    let [a, b, c] = first;
    Ipv6Net::new_assert(Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0), prefix)
}

/// IPv4 networks that are private, reserved or otherwise not public.
const SPECIAL_V4: [Ipv4Net; 16] = [
    v4(0, 0, 0, 8),       // this network; connects to this machine
    v4(10, 0, 0, 8),      // private
    v4(100, 64, 0, 10),   // carrier-grade NAT
    v4(127, 0, 0, 8),     // loopback
    v4(169, 254, 0, 16),  // link-local, with AWS's metadata at 169.254.169.254
    v4(172, 16, 0, 12),   // private
    v4(192, 0, 0, 24),    // protocol assignments
    v4(192, 0, 2, 24),    // documentation
    v4(192, 31, 196, 24), // AS112
    v4(192, 52, 193, 24), // AMT
    v4(192, 88, 99, 24),  // 6to4 relays
    v4(192, 168, 0, 16),  // private
    v4(198, 18, 0, 15),   // benchmarks
    v4(198, 51, 100, 24), // documentation
    v4(203, 0, 113, 24),  // documentation
    v4(224, 0, 0, 3),     // multicast, reserved, broadcast
];

/// The networks of [`SPECIAL_V4`] that a VPC may have.
const PRIVATE_V4: [Ipv4Net; 4] = [
    v4(10, 0, 0, 8),
    v4(100, 64, 0, 10),
    v4(172, 16, 0, 12),
    v4(192, 168, 0, 16),
];

/// Private IPv6 addresses.
const UNIQUE_LOCAL: Ipv6Net = v6([0xfc00, 0, 0], 7);

/// What AWS serves to each machine: metadata, credentials, time, names.
const INSTANCE_SERVICES: Ipv6Net = v6([0xfd00, 0xec2, 0], 32);

/// Contains all public IPv6 addresses.
const GLOBAL_V6: Ipv6Net = v6([0x2000, 0, 0], 3);

/// The networks in [`GLOBAL_V6`] that are not public.
const SPECIAL_V6: [Ipv6Net; 5] = [
    v6([0x2001, 0, 0], 23),         // protocol assignments, Teredo among them
    v6([0x2001, 0xdb8, 0], 32),     // documentation
    v6([0x2002, 0, 0], 16),         // 6to4: an IPv4 address in disguise
    v6([0x2620, 0x4f, 0x8000], 48), // AS112
    v6([0x3fff, 0, 0], 20),         // documentation
];

/// IPv4 addresses behind NAT64, which AWS offers to IPv6 networks.
const NAT64: Ipv6Net = v6([0x64, 0xff9b, 0], 96);

/// Returns the address that a connection reaches: the IPv4 address that an IPv6 address maps or translates,
/// else the address itself.
pub(crate) fn reached(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    if let Some(v4) = v6.to_ipv4_mapped() {
        return v4.into();
    }
    if NAT64.contains(&v6) {
        let [.., a, b, c, d] = v6.octets();
        return Ipv4Addr::new(a, b, c, d).into();
    }
    address
}

/// Whether `address`, as returned by [`reached`], is on the public Internet.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !SPECIAL_V4.iter().any(|net| net.contains(&v4)),
        IpAddr::V6(v6) => {
            GLOBAL_V6.contains(&v6) && !SPECIAL_V6.iter().any(|net| net.contains(&v6))
        }
    }
}

/// Whether `address`, as returned by [`reached`], belongs to a private network, such as a VPC. Loopback,
/// link-local addresses and those of AWS's own services on each machine do not.
pub(crate) fn is_private(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => PRIVATE_V4.iter().any(|net| net.contains(&v4)),
        IpAddr::V6(v6) => UNIQUE_LOCAL.contains(&v6) && !INSTANCE_SERVICES.contains(&v6),
    }
}

/// Whether `address` is unspecified, multicast or broadcast.
pub(crate) fn is_no_peer(address: IpAddr) -> bool {
    let broadcast = matches!(address, IpAddr::V4(v4) if v4.is_broadcast());
    address.is_unspecified() || address.is_multicast() || broadcast
}

/// Parses a network such as `10.0.0.0/8`, or a single address.
pub(crate) fn parse_network(text: &str) -> Option<IpNet> {
    let single = || {
        text.parse()
            .ok()
            .map(|address: IpAddr| IpNet::from(address))
    };
    text.parse::<IpNet>()
        .ok()
        .or_else(single)
        .map(|net| net.trunc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        for (address, public) in [
            ("1.1.1.1", true),
            ("52.94.236.248", true),
            ("172.32.0.1", true),
            ("100.128.0.1", true),
            ("127.0.0.1", false),
            ("127.255.255.254", false),
            ("0.0.0.0", false),
            ("0.1.2.3", false),
            ("10.255.0.1", false),
            ("172.16.0.1", false),
            ("172.31.255.255", false),
            ("192.168.1.1", false),
            ("100.64.0.1", false),
            ("100.127.255.255", false),
            ("169.254.169.254", false),
            ("169.254.100.1", false),
            ("192.0.0.8", false),
            ("198.19.0.1", false),
            ("224.0.0.1", false),
            ("240.0.0.1", false),
            ("255.255.255.255", false),
            ("2600:1f18::1", true),
            ("2001:4860:4860::8888", true),
            ("::", false),
            ("::1", false),
            ("::127.0.0.1", false),
            ("::ffff:127.0.0.1", false),
            ("::ffff:169.254.169.254", false),
            ("::ffff:1.1.1.1", true),
            ("64:ff9b::7f00:1", false),
            ("64:ff9b::a9fe:a9fe", false),
            ("64:ff9b::101:101", true),
            ("64:ff9b:1::1", false),
            ("2002:7f00:1::", false),
            ("2002:a9fe:a9fe::1", false),
            ("2001::1", false),
            ("2001:db8::1", false),
            ("fd00:ec2::254", false),
            ("fc00::1", false),
            ("fe80::1", false),
            ("fec0::1", false),
            ("ff02::1", false),
            ("5f00::1", false),
        ] {
            let parsed = address.parse().unwrap();
            assert_eq!(is_public(reached(parsed)), public, "{address}");
        }
    }

    #[test]
    fn the_addresses_of_a_vpc_are_private() {
        for (address, private) in [
            ("10.20.30.40", true),
            ("172.31.0.1", true),
            ("192.168.1.1", true),
            ("100.64.0.1", true),
            ("::ffff:10.0.0.1", true),
            ("fd12:3456::1", true),
            ("127.0.0.1", false),
            ("::1", false),
            ("169.254.169.254", false),
            ("169.254.170.2", false),
            ("fe80::1", false),
            ("fd00:ec2::254", false),
            ("fd00:ec2::23", false),
            ("::ffff:169.254.169.254", false),
            ("64:ff9b::a9fe:a9fe", false),
            ("0.0.0.0", false),
            ("1.1.1.1", false),
            ("198.18.0.1", false),
        ] {
            let parsed = address.parse().unwrap();
            assert_eq!(is_private(reached(parsed)), private, "{address}");
        }
    }

    #[test]
    fn what_leads_nowhere_or_to_many_is_no_peer() {
        for address in ["0.0.0.0", "::", "224.0.0.1", "ff02::1", "255.255.255.255"] {
            assert!(is_no_peer(address.parse().unwrap()), "{address}");
        }
        assert!(!is_no_peer("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn a_network_is_a_range_or_one_address() {
        for (text, network) in [
            ("10.0.0.0/8", "10.0.0.0/8"),
            ("10.1.2.3/8", "10.0.0.0/8"),
            ("127.0.0.1", "127.0.0.1/32"),
            ("::1", "::1/128"),
            ("fd00::/8", "fd00::/8"),
        ] {
            assert_eq!(parse_network(text).unwrap().to_string(), network);
        }
        for text in ["", "10.0.0.0/33", "host", "10.0.0", "/8"] {
            assert_eq!(parse_network(text), None, "{text}");
        }
    }
}
