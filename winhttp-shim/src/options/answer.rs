//! From an option's answer to the buffer of WinHttpQueryOption, in Windows' layouts.

use std::net::SocketAddr;

use winhttp_abi::constants as c;
use winhttp_abi::handle::from_bits;
use winhttp_abi::types::{
    CertContext, CertificateInfo, ConnectionInfo, ProxyInfo, SecChannelBindings,
    SecPkgContextBindings, SecurityInfo, SockaddrStorage,
};
use winhttp_abi::wide::Unit;
use winhttp_abi::{Code, Result};
use winhttp_core::api::ProxyAccess;
use winhttp_core::api::options::{Certificate, CertificateSummary, OptionAnswer};

use super::buffer::Buffer;
use super::security::{no_security_info, security_info};
use super::statistics;
use crate::certificate;
use crate::error_detail;
use crate::given::Given;
use crate::library::Shim;
use crate::map;
use crate::observer::ProgramCallback;

/// Writes the answer; on failure the buffer is untouched and nothing is left allocated.
pub(super) fn write<W: Unit>(answer: OptionAnswer<Shim>, buffer: &Buffer) -> Result<()> {
    match answer {
        OptionAnswer::Number(number) => buffer.put(number),
        OptionAnswer::ExtendedError => buffer.put(error_detail::socket_error()),
        OptionAnswer::Pointer(pointer) => buffer.put(pointer),
        OptionAnswer::Handle(handle) => buffer.put(from_bits(handle.bits())),
        OptionAnswer::Text(text) => buffer.put_text::<W>(&text),
        OptionAnswer::Secret(text) => buffer.put_secret::<W>(text.expose()),
        OptionAnswer::Struct(structure) => buffer.put_bytes(&structure.encode()),
        OptionAnswer::Observer(observer) => {
            buffer.put(observer.as_ref().map_or(0, ProgramCallback::address))
        }
        OptionAnswer::Proxy(access) => put_proxy::<W>(&access, buffer),
        OptionAnswer::Connection { local, remote } => put_connection(local, remote, buffer),
        OptionAnswer::ConnectionStatsV0(stats) => buffer.put(statistics::tcp_info_v0(&stats)),
        OptionAnswer::ConnectionStatsV1(stats) => buffer.put(statistics::tcp_info_v1(&stats)),
        OptionAnswer::RequestTimes(times) => statistics::put_times(&times[..], buffer),
        OptionAnswer::RequestStats(stats) => statistics::put_stats(&stats, buffer),
        OptionAnswer::Certificate(certificate) => put_certificate(&certificate, buffer),
        OptionAnswer::CertificateSummary(summary) => put_summary::<W>(&summary, buffer),
        OptionAnswer::Cipher(cipher) => {
            buffer.require(size_of::<SecurityInfo<W>>())?;
            buffer.put(cipher.map_or_else(no_security_info::<W>, |cipher| security_info(&cipher)))
        }
        OptionAnswer::ChannelBinding(token) => put_binding(&token, buffer),
    }
}

/// WINHTTP_PROXY_INFO; the program frees the strings with GlobalFree.
fn put_proxy<W: Unit>(access: &ProxyAccess, buffer: &Buffer) -> Result<()> {
    buffer.require(size_of::<ProxyInfo<W>>())?;
    let (proxy, bypass) = access.texts();
    let (proxy, bypass) = (Given::text(proxy.as_deref())?, Given::text(bypass)?);
    buffer.put(ProxyInfo::<W> {
        dw_access_type: map::access_type(access),
        lpsz_proxy: proxy.hand_over(),
        lpsz_proxy_bypass: bypass.hand_over(),
    })
}

/// WINHTTP_CERTIFICATE_INFO; the program frees the strings with LocalFree.
fn put_summary<W: Unit>(summary: &CertificateSummary, buffer: &Buffer) -> Result<()> {
    buffer.require(size_of::<CertificateInfo<W>>())?;
    let (subject, issuer) = (
        Given::text(Some(&summary.subject))?,
        Given::text(Some(&summary.issuer))?,
    );
    buffer.put(CertificateInfo::<W> {
        ft_expiry: map::file_time(summary.not_after),
        ft_start: map::file_time(summary.not_before),
        lpsz_subject_info: subject.hand_over(),
        lpsz_issuer_info: issuer.hand_over(),
        lpsz_protocol_name: std::ptr::null_mut(),
        lpsz_signature_alg_name: std::ptr::null_mut(),
        lpsz_encryption_alg_name: std::ptr::null_mut(),
        dw_key_size: summary.cipher_bits,
    })
}

/// A new reference, which the program releases with CertFreeCertificateContext.
fn put_certificate(certificate: &Certificate, buffer: &Buffer) -> Result<()> {
    buffer.require(size_of::<*const CertContext>())?;
    buffer.put(certificate::publish(certificate))
}

/// WINHTTP_CONNECTION_INFO. The program says the structure's size first; 0 is taken too, as the
/// answer has it anyway.
fn put_connection(local: SocketAddr, remote: SocketAddr, buffer: &Buffer) -> Result<()> {
    const BYTES: usize = size_of::<ConnectionInfo>();
    buffer.require(BYTES)?;
    let cb_size = u32::try_from(BYTES).map_err(|_| Code::INTERNAL_ERROR)?;
    if ![0, cb_size].contains(&buffer.dword()) {
        return Err(Code::INVALID_PARAMETER);
    }
    buffer.put(ConnectionInfo {
        cb_size,
        local_address: socket_address(local),
        remote_address: socket_address(remote),
    })
}

/// SecPkgContext_Bindings, the bindings behind it, and the token behind them.
fn put_binding(token: &[u8], buffer: &Buffer) -> Result<()> {
    const HEADER: usize = size_of::<SecPkgContextBindings>();
    const BINDINGS: usize = size_of::<SecChannelBindings>();
    buffer.require(HEADER + BINDINGS + token.len())?;
    let length = |bytes: usize| u32::try_from(bytes).map_err(|_| Code::INTERNAL_ERROR);
    let mut bytes = vec![0; HEADER];
    let mut put = |offset: usize, field: &[u8]| {
        let place = bytes.get_mut(offset..offset + field.len());
        place
            .map(|place| place.copy_from_slice(field))
            .ok_or(Code::INTERNAL_ERROR)
    };
    let bindings_length = length(BINDINGS + token.len())?;
    put(0, &bindings_length.to_ne_bytes())?;
    let bindings = buffer.place(HEADER).expose_provenance();
    put(
        std::mem::offset_of!(SecPkgContextBindings, bindings),
        &bindings.to_ne_bytes(),
    )?;
    // Initiator and acceptor have no addresses; the application data is the token (RFC 2744 §3.11).
    let fields = [0, 0, 0, 0, 0, 0, length(token.len())?, length(BINDINGS)?];
    bytes.extend(fields.iter().flat_map(|field| field.to_ne_bytes()));
    bytes.extend_from_slice(token);
    buffer.put_bytes(&bytes)
}

/// SOCKADDR_STORAGE with Windows' family numbers; port and address are in network byte order.
fn socket_address(address: SocketAddr) -> SockaddrStorage {
    let mut bytes = [0; 126];
    let family = match address {
        SocketAddr::V4(v4) => {
            let fields = [&v4.port().to_be_bytes()[..], &v4.ip().octets()].concat();
            bytes
                .iter_mut()
                .zip(fields)
                .for_each(|(place, byte)| *place = byte);
            c::WINHTTP_AF_INET
        }
        SocketAddr::V6(v6) => {
            let (flow, scope) = (v6.flowinfo().to_ne_bytes(), v6.scope_id().to_ne_bytes());
            let fields = [
                &v6.port().to_be_bytes()[..],
                &flow,
                &v6.ip().octets(),
                &scope,
            ]
            .concat();
            bytes
                .iter_mut()
                .zip(fields)
                .for_each(|(place, byte)| *place = byte);
            c::WINHTTP_AF_INET6
        }
    };
    let part = |from: usize| bytes.get(from..).unwrap_or_default();
    SockaddrStorage {
        ss_family: family,
        ss_pad1: part(0).first_chunk().copied().unwrap_or_default(),
        ss_align: i64::from_ne_bytes(part(6).first_chunk().copied().unwrap_or_default()),
        ss_pad2: part(14).first_chunk().copied().unwrap_or([0; 112]),
    }
}

#[cfg(test)]
#[expect(
    clippy::undocumented_unsafe_blocks,
    reason = "all pointers are into what the test made"
)]
mod tests {
    use super::*;

    fn lies_in_memory(address: &str) -> Vec<u8> {
        let storage = socket_address(address.parse().unwrap());
        let pointer = (&raw const storage).cast::<u8>();
        // A SOCKADDR_STORAGE has no padding of the compiler's.
        unsafe { std::slice::from_raw_parts(pointer, size_of::<SockaddrStorage>()) }.to_vec()
    }

    #[test]
    fn fact_2_15_an_ipv4_address_lies_as_on_windows() {
        let bytes = lies_in_memory("127.0.0.1:443");
        assert_eq!(bytes[..8], [2, 0, 0x01, 0xbb, 127, 0, 0, 1]);
        assert!(bytes[8..].iter().all(|byte| *byte == 0));
    }

    #[test]
    fn an_ipv6_address_lies_as_on_windows_and_has_its_family_number() {
        let bytes = lies_in_memory("[fe80::1%7]:80");
        assert_eq!(bytes[..8], [23, 0, 0, 80, 0, 0, 0, 0]);
        assert_eq!((bytes[8], bytes[9], bytes[23]), (0xfe, 0x80, 1));
        assert_eq!(bytes[24..28], [7, 0, 0, 0]);
        assert!(bytes[28..].iter().all(|byte| *byte == 0));
    }
}
