//! Decides how a handle keeps the options a program set on it, and what those it did not set read
//! as.

use std::fmt;

use super::{Default as RowDefault, KeepAliveProbes, OptionError, OptionId, Structure, Type, row};
use crate::auth::Secret;
use crate::header::Version;

/// The value of an option. Its `Debug` shows no text.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// Of [`Type::Dword`] and [`Type::Bool`].
    Dword(u32),
    /// Of [`Type::Pointer`]; only ever handed back, never followed.
    Pointer(usize),
    /// Of [`Type::Text`], without a terminator.
    Text(String),
    /// Of [`Type::Secret`], without a terminator; wiped when it goes.
    Secret(Secret),
    /// Of [`Type::Struct`].
    Struct(Structure),
}

impl Value {
    /// Whether an option of this type has values like this one.
    pub(super) fn fits(&self, ty: Type) -> bool {
        match self {
            Self::Dword(_) => matches!(ty, Type::Dword | Type::Bool),
            Self::Pointer(_) => ty == Type::Pointer,
            Self::Text(_) => ty == Type::Text,
            Self::Secret(_) => ty == Type::Secret,
            Self::Struct(structure) => ty == Type::Struct(structure.layout()),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dword(number) => write!(f, "Dword({number:#x})"),
            Self::Pointer(address) => write!(f, "Pointer({address:#x})"),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Secret(secret) => secret.fmt(f),
            Self::Struct(structure) => structure.fmt(f),
        }
    }
}

/// The value of `WINHTTP_OPTION_HTTP_VERSION`.
impl From<Version> for Value {
    fn from(version: Version) -> Self {
        Self::Struct(Structure::HttpVersion(version))
    }
}

/// The options set on one handle. Most handles have none: empty, it owns no memory.
///
/// Holds at most one value for each row of the table. Timeouts live in [`super::Timeouts`].
#[derive(Clone, Debug, Default)]
pub struct Values {
    /// Invariant: sorted by option, each option once, each with a row.
    entries: Vec<(OptionId, Value)>,
}

impl Values {
    /// What a query of the option reads: the value set, else the default. `None` if the option is
    /// unknown or has no kept value ([`RowDefault::NoValue`]): then the handle's state is the
    /// answer.
    #[must_use]
    pub fn get(&self, option: OptionId) -> Option<Value> {
        if let Some(value) = self.stored(option) {
            return Some(value.clone());
        }
        let row = row(option.0)?;
        match row.default {
            RowDefault::Number(number) => Some(Value::Dword(number)),
            RowDefault::Null => Some(Value::Pointer(0)),
            RowDefault::EmptyText if row.ty == Type::Secret => {
                Some(Value::Secret(Secret::new(String::new())))
            }
            RowDefault::EmptyText => Some(Value::Text(String::new())),
            RowDefault::Struct(structure) => Some(Value::Struct(structure)),
            RowDefault::NoValue => None,
        }
    }

    /// The value that was set on this handle or inherited; `None` if there is none.
    #[must_use]
    pub fn stored(&self, option: OptionId) -> Option<&Value> {
        let place = self.place(source(option)).ok()?;
        self.entries.get(place).map(|(_, value)| value)
    }

    /// The number in force, without copying; 0 for options that are not numbers.
    #[must_use]
    pub fn dword(&self, option: OptionId) -> u32 {
        match self.stored(option) {
            Some(Value::Dword(number)) => *number,
            Some(_) => 0,
            None => match row(option.0).map(|row| row.default) {
                Some(RowDefault::Number(number)) => number,
                _ => 0,
            },
        }
    }

    /// Whether the number in force is not 0.
    #[must_use]
    pub fn flag(&self, option: OptionId) -> bool {
        self.dword(option) != 0
    }

    /// The text in force, without copying; empty for options that are not text.
    #[must_use]
    pub fn text(&self, option: OptionId) -> &str {
        match self.stored(option) {
            Some(Value::Text(text)) => text,
            Some(Value::Secret(secret)) => secret.expose(),
            _ => "",
        }
    }

    /// The HTTP version that was set (`WINHTTP_OPTION_HTTP_VERSION`); `None` if none was.
    #[must_use]
    pub fn http_version(&self) -> Option<Version> {
        match self.stored(OptionId::HTTP_VERSION) {
            Some(Value::Struct(Structure::HttpVersion(version))) => Some(*version),
            _ => None,
        }
    }

    /// When connections are probed (`WINHTTP_OPTION_TCP_KEEPALIVE`); `None` if they are not.
    #[must_use]
    pub fn keep_alive_probes(&self) -> Option<KeepAliveProbes> {
        match self.stored(OptionId::TCP_KEEPALIVE) {
            Some(Value::Struct(Structure::TcpKeepAlive(probes))) if probes.on => Some(*probes),
            _ => None,
        }
    }

    /// Keeps a value that passed [`super::Row::check_value`], in place of an earlier one.
    ///
    /// # Errors
    /// `InvalidOption` for an unknown option, `InvalidParameter` for a value of the wrong type;
    /// nothing is changed then.
    pub fn set(&mut self, option: OptionId, value: Value) -> Result<(), OptionError> {
        let row = row(option.0).ok_or(OptionError::InvalidOption)?;
        if !value.fits(row.ty) {
            return Err(OptionError::InvalidParameter);
        }
        let value = if let (OptionId::DISABLE_FEATURE, Value::Dword(bits)) = (option, &value) {
            // Each call of WinHttpSetOption disables more features; none enables one again.
            Value::Dword(self.dword(option) | bits)
        } else {
            value
        };
        self.put(option, value);
        Ok(())
    }

    /// Takes over the parent's values of all options that children inherit, as a new handle does.
    pub fn inherit_from(&mut self, parent: &Self) {
        for (option, value) in &parent.entries {
            if row(option.0).is_some_and(|row| row.inherit) {
                self.put(*option, value.clone());
            }
        }
    }

    fn put(&mut self, option: OptionId, value: Value) {
        match self.place(option) {
            Ok(place) => {
                if let Some(entry) = self.entries.get_mut(place) {
                    entry.1 = value;
                }
            }
            Err(place) => self.entries.insert(place, (option, value)),
        }
    }

    fn place(&self, option: OptionId) -> Result<usize, usize> {
        self.entries.binary_search_by_key(&option, |(id, _)| *id)
    }
}

/// The option under which a value is kept: the priority in force is the one that was asked for.
const fn source(option: OptionId) -> OptionId {
    match option {
        OptionId::TCP_PRIORITY_STATUS => OptionId::TCP_PRIORITY_HINT,
        option => option,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::option::ROWS;

    fn with(option: OptionId, value: Value) -> Values {
        let mut values = Values::default();
        values.set(option, value).unwrap();
        values
    }

    fn secret(text: &str) -> Value {
        Value::Secret(Secret::new(text.to_owned()))
    }

    #[test]
    fn nothing_set_costs_three_words_and_no_memory() {
        assert!(size_of::<Values>() <= 3 * size_of::<usize>());
        assert_eq!(Values::default().entries.capacity(), 0);
    }

    #[test]
    fn what_was_set_reads_back_and_the_rest_is_default() {
        let values = with(OptionId::REDIRECT_POLICY, Value::Dword(2));
        assert_eq!(values.get(OptionId::REDIRECT_POLICY), Some(Value::Dword(2)));
        assert_eq!(values.dword(OptionId::REDIRECT_POLICY), 2);
        assert_eq!(values.get(OptionId::CONNECT_RETRIES), Some(Value::Dword(5)));
        assert_eq!(values.dword(OptionId::CONNECT_RETRIES), 5);
        assert_eq!(values.get(OptionId::URL), None);
        assert_eq!(values.get(OptionId(0)), None);
    }

    #[test]
    fn options_set_in_any_order_are_all_found() {
        let mut values = Values::default();
        for number in [91, 4, 118, 90, 12] {
            values.set(OptionId(number), Value::Dword(number)).unwrap();
        }
        for number in [4, 12, 90, 91, 118] {
            assert_eq!(values.dword(OptionId(number)), number);
        }
    }

    #[test]
    fn setting_again_replaces() {
        let mut values = with(OptionId::CONNECT_RETRIES, Value::Dword(1));
        values
            .set(OptionId::CONNECT_RETRIES, Value::Dword(2))
            .unwrap();
        assert_eq!(values.dword(OptionId::CONNECT_RETRIES), 2);
        assert_eq!(values.entries.len(), 1);
    }

    #[test]
    fn disabled_features_add_up() {
        let mut values = with(OptionId::DISABLE_FEATURE, Value::Dword(1));
        values
            .set(OptionId::DISABLE_FEATURE, Value::Dword(4))
            .unwrap();
        assert_eq!(values.dword(OptionId::DISABLE_FEATURE), 5);
    }

    #[test]
    fn a_value_of_the_wrong_type_is_refused() {
        let mut values = Values::default();
        let wrong = [
            (OptionId::CONNECT_RETRIES, Value::Text(String::new())),
            (OptionId::USERNAME, Value::Dword(1)),
            (OptionId::PASSWORD, Value::Text(String::new())),
            (OptionId::USER_AGENT, secret("")),
            (OptionId::CONTEXT_VALUE, Value::Dword(1)),
            (
                OptionId::HTTP_VERSION,
                Value::Struct(Structure::Number64(1)),
            ),
        ];
        for (option, value) in wrong {
            assert_eq!(
                values.set(option, value),
                Err(OptionError::InvalidParameter)
            );
        }
        assert_eq!(
            values.set(OptionId(8), Value::Dword(1)),
            Err(OptionError::InvalidOption)
        );
        assert!(values.entries.is_empty());
    }

    #[test]
    fn fact_3_3_2_text_that_was_not_set_is_empty() {
        let credentials = [
            OptionId::USERNAME,
            OptionId::PASSWORD,
            OptionId::PROXY_USERNAME,
            OptionId::PROXY_PASSWORD,
        ];
        for option in credentials {
            assert_eq!(Values::default().get(option), Some(secret("")));
            assert_eq!(Values::default().text(option), "");
        }
    }

    #[test]
    fn fact_3_3_4_credentials_of_one_request_are_not_the_next_ones() {
        let request = with(OptionId::USERNAME, secret("user"));
        let mut next = Values::default();
        next.inherit_from(&request);
        assert_eq!(request.text(OptionId::USERNAME), "user");
        assert_eq!(next.text(OptionId::USERNAME), "");
    }

    #[test]
    fn fact_9_1_2_buffer_sizes_pass_from_session_to_request_but_not_back() {
        for option in [
            OptionId::WEB_SOCKET_RECEIVE_BUFFER_SIZE,
            OptionId::WEB_SOCKET_SEND_BUFFER_SIZE,
        ] {
            let mut session = with(option, Value::Dword(65_535));
            let mut request = Values::default();
            assert_eq!(request.dword(option), 32_768);
            request.inherit_from(&session);
            assert_eq!(request.dword(option), 65_535);
            request.set(option, Value::Dword(15)).unwrap();
            assert_eq!(session.dword(option), 65_535);
            session.set(option, Value::Dword(1_048_576)).unwrap();
            assert_eq!(request.dword(option), 15);
        }
    }

    #[test]
    fn what_belongs_to_the_session_alone_stays_there() {
        let session = with(OptionId::UNLOAD_NOTIFY_EVENT, Value::Pointer(8));
        let mut connect = Values::default();
        connect.inherit_from(&session);
        assert!(connect.stored(OptionId::UNLOAD_NOTIFY_EVENT).is_none());
    }

    #[test]
    fn the_priority_in_force_is_the_one_asked_for() {
        let values = with(OptionId::TCP_PRIORITY_HINT, Value::Dword(3));
        assert_eq!(
            values.get(OptionId::TCP_PRIORITY_STATUS),
            Some(Value::Dword(3))
        );
    }

    #[test]
    fn structures_are_read_by_their_fields() {
        let version = Value::from(Version::HTTP_10);
        let mut values = with(OptionId::HTTP_VERSION, version);
        assert_eq!(values.http_version(), Some(Version::HTTP_10));
        assert_eq!(values.keep_alive_probes(), None);
        for on in [false, true] {
            let probes = KeepAliveProbes {
                on,
                idle_ms: 5000,
                interval_ms: 1000,
            };
            let value = Value::Struct(Structure::TcpKeepAlive(probes));
            values.set(OptionId::TCP_KEEPALIVE, value).unwrap();
            assert_eq!(values.keep_alive_probes(), Some(probes).filter(|_| on));
        }
        assert_eq!(Values::default().http_version(), None);
    }

    #[test]
    fn debug_output_keeps_secrets() {
        let shown = format!("{:?}", with(OptionId::PASSWORD, secret("hunter2")));
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("(hidden)"), "{shown}");
        let shown = format!("{:?}", with(OptionId::USER_AGENT, Value::Text("me".into())));
        assert!(shown.contains("Text(2 bytes)"), "{shown}");
    }

    #[test]
    fn every_default_fits_its_type() {
        for row in ROWS {
            if let Some(value) = Values::default().get(row.id()) {
                assert!(value.fits(row.ty), "{}", row.name);
            }
        }
    }
}
