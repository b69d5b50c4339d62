//! The rules that no observed fact covers.

use super::*;

#[test]
fn enable_feature_bits_belong_to_one_kind_of_handle() {
    assert_eq!(set(OptionId::ENABLE_FEATURE, SESSION, 2), Ok(()));
    assert_eq!(
        set(OptionId::ENABLE_FEATURE, SESSION, 1),
        Err(OptionError::IncorrectHandleType)
    );
    assert_eq!(
        set(OptionId::ENABLE_FEATURE, REQUEST, 2),
        Err(OptionError::IncorrectHandleType)
    );
}

#[test]
fn secure_default_sessions_never_go_below_tls_1_2() {
    assert_eq!(check_secure_protocols(0x2800, true), Ok(()));
    assert_eq!(
        check_secure_protocols(0x2200, true),
        Err(OptionError::AccessDenied)
    );
    assert_eq!(check_secure_protocols(0x2200, false), Ok(()));
}

#[test]
fn a_client_certificate_has_no_private_key_in_this_version() {
    let option = OptionId::CLIENT_CERT_CONTEXT;
    assert_eq!(set_length(option, REQUEST, true, 40), None);
    assert_eq!(
        check_client_certificate(true, true),
        Err(OptionError::ClientCertNoPrivateKey)
    );
    assert_eq!(
        set_length(option, REQUEST, true, 8),
        Some(OptionError::InsufficientBuffer { required: 40 })
    );
    assert_eq!(
        set_length(option, REQUEST, false, 40),
        Some(OptionError::InvalidParameter)
    );
}

#[test]
fn a_dword_of_eight_bytes_counts_with_its_low_half() {
    let row = check_set(OptionId::REDIRECT_POLICY.0, SESSION, true, 8).unwrap();
    let long = 0xDEAD_BEEF_0000_0002_u64.to_ne_bytes();
    assert_eq!(row.decode(&long), Ok(Value::Dword(2)));
    assert_eq!(set_length(OptionId::TCP_FAST_OPEN, SESSION, true, 8), None);
}

#[test]
fn decoding_refuses_the_lengths_that_setting_refuses() {
    let policy = row(OptionId::REDIRECT_POLICY.0).unwrap();
    assert_eq!(policy.decode(&[]), Err(FOUR_BYTES));
    assert_eq!(policy.decode(&[0; 5]), Err(FOUR_BYTES));
    let interval = row(OptionId::WEB_SOCKET_KEEPALIVE_INTERVAL.0).unwrap();
    assert_eq!(interval.decode(&[0; 8]), Err(OptionError::InvalidParameter));
    let context = row(OptionId::CONTEXT_VALUE.0).unwrap();
    assert_eq!(
        context.decode(&[0; 4]),
        Err(OptionError::InsufficientBuffer { required: 8 })
    );
    assert_eq!(
        context.decode(&7_usize.to_ne_bytes()),
        Ok(Value::Pointer(7))
    );
    let name = row(OptionId::USERNAME.0).unwrap();
    assert_eq!(name.decode(b"user"), Err(OptionError::InvalidParameter));
}

#[test]
fn pointers_and_structures_have_one_length() {
    let eight = Some(OptionError::InsufficientBuffer { required: 8 });
    assert_eq!(set_length(OptionId::CONTEXT_VALUE, CONNECT, true, 4), eight);
    assert_eq!(set_length(OptionId::CONTEXT_VALUE, CONNECT, true, 8), None);
    assert_eq!(set_length(OptionId::HTTP_VERSION, SESSION, true, 9), eight);
    assert_eq!(
        set_length(OptionId::CONNECTION_GUID, REQUEST, true, 15),
        Some(OptionError::InsufficientBuffer { required: 16 })
    );
}

#[test]
fn query_only_options_cannot_be_set_on_any_handle() {
    let query_only = [
        OptionId::URL,
        OptionId::HANDLE_TYPE,
        OptionId::PASSPORT_COBRANDING_TEXT,
    ];
    for option in query_only {
        for kind in [SESSION, REQUEST] {
            assert_eq!(
                set_length(option, kind, false, 0),
                Some(OptionError::NotSettable)
            );
        }
    }
}

#[test]
fn the_null_handle_stands_for_the_process_only_where_the_option_says_so() {
    let invalid = Some(OptionError::InvalidHandle);
    assert_eq!(query(OptionId::EXTENDED_ERROR, NULL_HANDLE), None);
    assert_eq!(query(OptionId::PROXY, NULL_HANDLE), None);
    assert_eq!(query(OptionId::URL, NULL_HANDLE), invalid);
    assert_eq!(query(OptionId::DECOMPRESSION, NULL_HANDLE), invalid);
    assert_eq!(
        set_length(OptionId::WORKER_THREAD_COUNT, NULL_HANDLE, true, 4),
        None
    );
    assert_eq!(set_length(OptionId::PROXY, NULL_HANDLE, true, 24), invalid);
    assert_eq!(set_length(OptionId::URL, NULL_HANDLE, true, 4), invalid);
    let error = set_length(OptionId::EXTENDED_ERROR, NULL_HANDLE, true, 4);
    assert_eq!(error, Some(OptionError::NotSettable));
    let error = set_length(OptionId::ENABLETRACING, SESSION, true, 4);
    assert_eq!(error, Some(OptionError::IncorrectHandleType));
}

#[test]
fn unknown_options_come_before_everything_else() {
    for number in [
        8,
        156,
        197,
        5000,
        u32::MAX,
        OptionId::GLOBAL_SERVER_CREDS.0,
        204,
    ] {
        for kind in [NULL_HANDLE, SESSION, REQUEST] {
            assert_eq!(
                check_set(number, kind, false, 0).err(),
                Some(OptionError::InvalidOption)
            );
            assert_eq!(
                check_query(number, kind).err(),
                Some(OptionError::InvalidParameter)
            );
        }
    }
}

#[test]
fn a_refused_query_still_minds_the_kind_of_handle() {
    let option = OptionId::SERVER_CERT_CHAIN_CONTEXT;
    assert_eq!(
        query(option, REQUEST),
        Some(OptionError::IncorrectHandleState)
    );
    assert_eq!(
        query(option, SESSION),
        Some(OptionError::IncorrectHandleType)
    );
}

#[test]
fn http_2_may_be_asked_for() {
    assert_eq!(set(OptionId::ENABLE_HTTP_PROTOCOL, SESSION, 1), Ok(()));
    assert_eq!(set(OptionId::ENABLE_HTTP_PROTOCOL, REQUEST, 3), Ok(()));
    let error = set(OptionId::ENABLE_HTTP_PROTOCOL, SESSION, 4);
    assert_eq!(error, Err(OptionError::InvalidParameter));
    assert_eq!(default(OptionId::HTTP_PROTOCOL_USED), Some(Value::Dword(0)));
}

#[test]
fn http_versions_other_than_1_0_and_1_1_are_invalid() {
    let row = row(OptionId::HTTP_VERSION.0).unwrap();
    let check = |major: u32, minor: u32| {
        let bytes = [major.to_ne_bytes(), minor.to_ne_bytes()].concat();
        row.check_value(NULL_HANDLE, &row.decode(&bytes)?)
    };
    assert_eq!(check(1, 0), Ok(()));
    assert_eq!(check(1, 1), Ok(()));
    assert_eq!(check(2, 0), Err(OptionError::InvalidParameter));
    assert_eq!(check(1, 2), Err(OptionError::InvalidParameter));
}

#[test]
fn encrypted_name_look_ups_are_not_supported() {
    let row = row(OptionId::RESOLVER_CACHE_CONFIG.0).unwrap();
    let check = |secure_dns: u8, flags: u8| {
        let mut bytes = [0; 32];
        bytes[12] = secure_dns;
        bytes[24] = flags;
        row.check_value(SESSION, &row.decode(&bytes)?)
    };
    assert_eq!(check(1, 0xF), Ok(()));
    assert_eq!(check(2, 0), Err(OptionError::NotSupported));
    assert_eq!(check(4, 0), Err(OptionError::InvalidParameter));
    assert_eq!(check(0, 0x10), Err(OptionError::InvalidParameter));
}

#[test]
fn annotations_have_a_limit_in_utf_16_units() {
    let row = row(OptionId::REQUEST_ANNOTATION.0).unwrap();
    let check = |text: String| row.check_value(REQUEST, &Value::Text(text));
    assert_eq!(check("a".repeat(64_000)), Ok(()));
    assert_eq!(
        check("a".repeat(64_001)),
        Err(OptionError::InvalidParameter)
    );
    assert_eq!(
        check("\u{1F600}".repeat(32_001)),
        Err(OptionError::InvalidParameter)
    );
}

#[test]
fn a_value_of_another_type_is_invalid() {
    let row = row(OptionId::REDIRECT_POLICY.0).unwrap();
    let value = Value::Text(String::new());
    assert_eq!(
        row.check_value(SESSION, &value),
        Err(OptionError::InvalidParameter)
    );
}
