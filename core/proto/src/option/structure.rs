//! Decides what the structures say that options keep: the only file that knows their layout.
//!
//! A structure is parsed when it is set, and written back when it is queried; between, everyone
//! reads its fields. The layouts are those of Windows in the machine's byte order.

use super::OptionError;
use crate::header::Version;

/// Which structure an option keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// `HTTP_VERSION_INFO`.
    HttpVersion,
    /// `tcp_keepalive`.
    TcpKeepAlive,
    /// `WINHTTP_FAILED_CONNECTION_RETRIES`.
    FailedConnectionRetries,
    /// `WINHTTP_RESOLVER_CACHE_CONFIG`.
    ResolverCacheConfig,
    /// `GUID`.
    Guid,
    /// `WINHTTP_MATCH_CONNECTION_GUID`.
    MatchConnectionGuid,
    /// `WINHTTP_HTTP2_RECEIVE_WINDOW`.
    Http2ReceiveWindow,
    /// A 64-bit number.
    Number64,
}

/// What a structure says; its variants are those of [`Layout`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Structure {
    /// `HTTP_VERSION_INFO`: HTTP/1.0 or HTTP/1.1.
    HttpVersion(Version),
    /// `tcp_keepalive`.
    TcpKeepAlive(KeepAliveProbes),
    /// `WINHTTP_FAILED_CONNECTION_RETRIES`.
    FailedConnectionRetries(ConnectionRetries),
    /// `WINHTTP_RESOLVER_CACHE_CONFIG`.
    ResolverCacheConfig(ResolverCache),
    /// `GUID`, whose fields nobody reads.
    Guid([u8; 16]),
    /// `WINHTTP_MATCH_CONNECTION_GUID`.
    MatchConnectionGuid(GuidMatch),
    /// `WINHTTP_HTTP2_RECEIVE_WINDOW`.
    Http2ReceiveWindow(StreamWindow),
    /// A 64-bit number.
    Number64(u64),
}

/// When TCP probes a silent connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepAliveProbes {
    /// Whether it does.
    pub on: bool,
    /// Silence before the first probe.
    pub idle_ms: u32,
    /// Time between probes.
    pub interval_ms: u32,
}

/// How often and after which failures a request is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionRetries {
    /// Retries of one request.
    pub limit: u32,
    /// `WINHTTP_CONNECTION_RETRY_CONDITION_*`.
    pub conditions: u32,
}

/// The cache of name look-ups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ResolverCache {
    /// Entries at the most.
    pub entries: u32,
    /// Longest life of an entry.
    pub max_age_s: u32,
    /// Shortest life of an entry.
    pub min_age_s: u32,
    /// Whether look-ups are encrypted: 0, 1 and 3 do not insist.
    pub secure_dns: u32,
    /// Wait for a fresh answer.
    pub wait_ms: u64,
    /// `WINHTTP_RESOLVER_CACHE_CONFIG_FLAG_*`.
    pub flags: u64,
}

/// Which connections a request may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuidMatch {
    /// Those marked with this GUID.
    pub guid: [u8; 16],
    /// `WINHTTP_MATCH_CONNECTION_GUID_FLAG_*`.
    pub flags: u64,
}

impl GuidMatch {
    /// Unmarked ones will not do (REQUIRE_MARKED_CONNECTION).
    #[must_use]
    pub fn requires_mark(&self) -> bool {
        self.flags & GUID_MATCH_FLAGS != 0
    }
}

/// Flow control of HTTP/2 streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamWindow {
    /// Window of a new stream.
    pub bytes: u32,
    /// Bytes read before the window is opened again.
    pub update_bytes: u32,
}

/// All conditions of [`ConnectionRetries`].
const RETRY_CONDITIONS: u32 = 7;
/// Encrypted look-ups are demanded (`ResolverCache::secure_dns`).
const SECURE_DNS_DEMANDED: u32 = 2;
const SECURE_DNS_MAX: u32 = 3;
/// All flags of [`ResolverCache`].
const RESOLVER_CACHE_FLAGS: u64 = 0xF;
/// All flags of [`GuidMatch`].
const GUID_MATCH_FLAGS: u64 = 1;

impl Layout {
    /// The structure's size.
    #[must_use]
    pub const fn bytes(self) -> u32 {
        match self {
            Self::HttpVersion
            | Self::FailedConnectionRetries
            | Self::Http2ReceiveWindow
            | Self::Number64 => 8,
            Self::TcpKeepAlive => 12,
            Self::Guid => 16,
            Self::MatchConnectionGuid => 24,
            Self::ResolverCacheConfig => 32,
        }
    }

    /// Which contents are taken, in Markdown; others are `ERROR_INVALID_PARAMETER` unless stated.
    #[cfg(test)]
    pub(super) const fn accepts(self) -> &'static str {
        match self {
            Self::HttpVersion => "1.0 or 1.1",
            Self::FailedConnectionRetries => "conditions 0x7",
            Self::ResolverCacheConfig => {
                "secure DNS up to 3, but not 2 (`ERROR_NOT_SUPPORTED`); flags 0xf"
            }
            Self::MatchConnectionGuid => "flags 0x1",
            Self::TcpKeepAlive | Self::Guid | Self::Http2ReceiveWindow | Self::Number64 => "all",
        }
    }

    /// Reads a structure.
    ///
    /// # Errors
    /// `InvalidParameter` for another number of bytes and for contents that the structure does not
    /// take, `NotSupported` for encrypted name look-ups.
    pub fn parse(self, bytes: &[u8]) -> Result<Structure, OptionError> {
        let mut fields = Fields(bytes);
        let structure = match self {
            Self::HttpVersion => Structure::HttpVersion(version(fields.dword()?, fields.dword()?)?),
            Self::TcpKeepAlive => Structure::TcpKeepAlive(KeepAliveProbes {
                on: fields.dword()? != 0,
                idle_ms: fields.dword()?,
                interval_ms: fields.dword()?,
            }),
            Self::FailedConnectionRetries => {
                Structure::FailedConnectionRetries(ConnectionRetries {
                    limit: fields.dword()?,
                    conditions: valid(fields.dword()?, |bits| bits & !RETRY_CONDITIONS == 0)?,
                })
            }
            Self::ResolverCacheConfig => Structure::ResolverCacheConfig(ResolverCache {
                entries: fields.dword()?,
                max_age_s: fields.dword()?,
                min_age_s: fields.dword()?,
                secure_dns: secure_dns(fields.dword()?)?,
                wait_ms: fields.number64()?,
                flags: valid(fields.number64()?, |bits| bits & !RESOLVER_CACHE_FLAGS == 0)?,
            }),
            Self::Guid => Structure::Guid(fields.take()?),
            Self::MatchConnectionGuid => Structure::MatchConnectionGuid(GuidMatch {
                guid: fields.take()?,
                flags: valid(fields.number64()?, |bits| bits & !GUID_MATCH_FLAGS == 0)?,
            }),
            Self::Http2ReceiveWindow => Structure::Http2ReceiveWindow(StreamWindow {
                bytes: fields.dword()?,
                update_bytes: fields.dword()?,
            }),
            Self::Number64 => Structure::Number64(fields.number64()?),
        };
        fields.end().map(|()| structure)
    }
}

impl Structure {
    /// `tcp_keepalive` of connections that are not probed.
    pub(super) const NO_PROBES: Self = Self::TcpKeepAlive(KeepAliveProbes {
        on: false,
        idle_ms: 0,
        interval_ms: 0,
    });

    /// Which structure it is.
    #[must_use]
    pub const fn layout(&self) -> Layout {
        match self {
            Self::HttpVersion(_) => Layout::HttpVersion,
            Self::TcpKeepAlive(_) => Layout::TcpKeepAlive,
            Self::FailedConnectionRetries(_) => Layout::FailedConnectionRetries,
            Self::ResolverCacheConfig(_) => Layout::ResolverCacheConfig,
            Self::Guid(_) => Layout::Guid,
            Self::MatchConnectionGuid(_) => Layout::MatchConnectionGuid,
            Self::Http2ReceiveWindow(_) => Layout::Http2ReceiveWindow,
            Self::Number64(_) => Layout::Number64,
        }
    }

    /// The structure's bytes, as many as its layout has.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Self::HttpVersion(version) => dwords(&[version.major.into(), version.minor.into()]),
            Self::TcpKeepAlive(probes) => {
                dwords(&[probes.on.into(), probes.idle_ms, probes.interval_ms])
            }
            Self::FailedConnectionRetries(retries) => dwords(&[retries.limit, retries.conditions]),
            Self::ResolverCacheConfig(cache) => {
                let numbers = [
                    cache.entries,
                    cache.max_age_s,
                    cache.min_age_s,
                    cache.secure_dns,
                ];
                let long = [cache.wait_ms.to_ne_bytes(), cache.flags.to_ne_bytes()];
                [dwords(&numbers), long.concat()].concat()
            }
            Self::Guid(guid) => guid.to_vec(),
            Self::MatchConnectionGuid(GuidMatch { guid, flags }) => {
                [&guid[..], &flags.to_ne_bytes()].concat()
            }
            Self::Http2ReceiveWindow(window) => dwords(&[window.bytes, window.update_bytes]),
            Self::Number64(number) => number.to_ne_bytes().to_vec(),
        }
    }
}

/// The fields of a structure that were not read yet, in their order. No structure here has gaps.
struct Fields<'b>(&'b [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], OptionError> {
        let (field, rest) = self
            .0
            .split_first_chunk()
            .ok_or(OptionError::InvalidParameter)?;
        self.0 = rest;
        Ok(*field)
    }

    fn dword(&mut self) -> Result<u32, OptionError> {
        self.take().map(u32::from_ne_bytes)
    }

    fn number64(&mut self) -> Result<u64, OptionError> {
        self.take().map(u64::from_ne_bytes)
    }

    fn end(self) -> Result<(), OptionError> {
        valid((), |()| self.0.is_empty())
    }
}

fn version(major: u32, minor: u32) -> Result<Version, OptionError> {
    match (major, minor) {
        (1, 0) => Ok(Version::HTTP_10),
        (1, 1) => Ok(Version::HTTP_11),
        _ => Err(OptionError::InvalidParameter),
    }
}

fn secure_dns(setting: u32) -> Result<u32, OptionError> {
    match setting {
        SECURE_DNS_DEMANDED => Err(OptionError::NotSupported),
        0..=SECURE_DNS_MAX => Ok(setting),
        _ => Err(OptionError::InvalidParameter),
    }
}

fn valid<T: Copy>(value: T, is_valid: impl FnOnce(T) -> bool) -> Result<T, OptionError> {
    if is_valid(value) {
        Ok(value)
    } else {
        Err(OptionError::InvalidParameter)
    }
}

fn dwords(numbers: &[u32]) -> Vec<u8> {
    numbers
        .iter()
        .flat_map(|number| number.to_ne_bytes())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One of each, with different numbers in all fields.
    const EACH: [Structure; 8] = [
        Structure::HttpVersion(Version::HTTP_10),
        Structure::TcpKeepAlive(KeepAliveProbes {
            on: true,
            idle_ms: 7_200_000,
            interval_ms: 1000,
        }),
        Structure::FailedConnectionRetries(ConnectionRetries {
            limit: 0x0102_0304,
            conditions: 5,
        }),
        Structure::ResolverCacheConfig(ResolverCache {
            entries: 100,
            max_age_s: 300,
            min_age_s: 10,
            secure_dns: 1,
            wait_ms: 0x0102_0304_0506_0708,
            flags: 0xA,
        }),
        Structure::Guid([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]),
        Structure::MatchConnectionGuid(GuidMatch {
            guid: [16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1],
            flags: 1,
        }),
        Structure::Http2ReceiveWindow(StreamWindow {
            bytes: 65_535,
            update_bytes: 32_768,
        }),
        Structure::Number64(0x0102_0304_0506_0708),
    ];

    #[test]
    fn what_is_written_reads_back_the_same() {
        for structure in EACH {
            let bytes = structure.encode();
            assert_eq!(structure.layout().parse(&bytes), Ok(structure));
        }
    }

    #[test]
    fn what_is_read_is_written_back_byte_by_byte() {
        for structure in EACH {
            let layout = structure.layout();
            // Ones and zeros, which every field takes.
            let count = usize::try_from(layout.bytes()).unwrap();
            let bytes: Vec<u8> = dwords(&[1, 0]).into_iter().cycle().take(count).collect();
            assert_eq!(layout.parse(&bytes).unwrap().encode(), bytes, "{layout:?}");
        }
    }

    #[test]
    fn other_lengths_are_not_read() {
        for structure in EACH {
            let (layout, bytes) = (structure.layout(), structure.encode());
            assert_eq!(u32::try_from(bytes.len()), Ok(layout.bytes()), "{layout:?}");
            let longer = [&bytes[..], &[0]].concat();
            for wrong in [&bytes[..bytes.len() - 1], &longer, &[]] {
                assert_eq!(layout.parse(wrong), Err(OptionError::InvalidParameter));
            }
        }
    }

    #[test]
    fn any_number_but_0_switches_probes_on() {
        for (number, on) in [(0, false), (1, true), (2, true), (u32::MAX, true)] {
            let parsed = Layout::TcpKeepAlive.parse(&dwords(&[number, 5000, 1000]));
            let probes = KeepAliveProbes {
                on,
                idle_ms: 5000,
                interval_ms: 1000,
            };
            assert_eq!(parsed, Ok(Structure::TcpKeepAlive(probes)));
        }
    }

    #[test]
    fn contents_that_a_structure_does_not_take_are_refused() {
        let refused = |layout: Layout, bytes: Vec<u8>| layout.parse(&bytes).unwrap_err();
        let retries = refused(Layout::FailedConnectionRetries, dwords(&[1, 8]));
        let flags = refused(Layout::MatchConnectionGuid, dwords(&[0, 0, 0, 0, 2, 0]));
        let high = refused(Layout::MatchConnectionGuid, dwords(&[0, 0, 0, 0, 0, 1]));
        for error in [retries, flags, high] {
            assert_eq!(error, OptionError::InvalidParameter);
        }
    }
}
