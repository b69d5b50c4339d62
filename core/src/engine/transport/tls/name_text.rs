//! Names of subjects and issuers as text.

use x509_parser::asn1_rs::Tag;
use x509_parser::oid_registry::{
    OID_X509_COMMON_NAME, OID_X509_COUNTRY_NAME, OID_X509_LOCALITY_NAME,
    OID_X509_ORGANIZATION_NAME, OID_X509_ORGANIZATIONAL_UNIT, OID_X509_STATE_OR_PROVINCE_NAME,
};
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

/// A name on one line, with the short names of RFC 4514 section 3 where there are some:
/// `CN=x, O=y`.
///
/// x509-parser could do that, but would keep a table of all that has a name in memory for it.
pub(super) fn name_text(name: &X509Name<'_>) -> String {
    let parts = name.iter_attributes().map(|attribute| {
        let kind = attribute.attr_type();
        let short = [
            (&OID_X509_COMMON_NAME, "CN"),
            (&OID_X509_ORGANIZATION_NAME, "O"),
            (&OID_X509_ORGANIZATIONAL_UNIT, "OU"),
            (&OID_X509_LOCALITY_NAME, "L"),
            (&OID_X509_STATE_OR_PROVINCE_NAME, "ST"),
            (&OID_X509_COUNTRY_NAME, "C"),
        ];
        let short = short.iter().find(|(oid, _)| *oid == kind);
        let label = short.map_or_else(|| kind.to_id_string(), |(_, label)| (*label).to_owned());
        format!("{label}={}", value_text(attribute))
    });
    parts.collect::<Vec<_>>().join(", ")
}

/// The text of a name's value. Control characters, which could forge a line or end the text, are
/// replaced.
pub(crate) fn value_text(attribute: &AttributeTypeAndValue<'_>) -> String {
    let bytes = attribute.as_slice();
    let text = match attribute.attr_value().tag() {
        Tag::BmpString => {
            let units: Vec<u16> = bytes
                .chunks_exact(2)
                .filter_map(|pair| Some(u16::from_be_bytes(*pair.first_chunk()?)))
                .collect();
            String::from_utf16_lossy(&units)
        }
        // Latin-1 is how TeletexString is used.
        Tag::TeletexString => bytes.iter().map(|byte| char::from(*byte)).collect(),
        _ => String::from_utf8_lossy(bytes).into_owned(),
    };
    text.chars().map(without_control).collect()
}

/// The character, unless it is one that could end the line or command a terminal.
pub(super) fn without_control(character: char) -> char {
    if character.is_control() {
        char::REPLACEMENT_CHARACTER
    } else {
        character
    }
}
