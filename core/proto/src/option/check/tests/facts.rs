//! What Windows was seen to answer, by the number of the fact.

use super::*;

#[test]
fn fact_3_1_1_a_dword_option_needs_four_bytes() {
    let row = check_query(OptionId::REDIRECT_POLICY.0, SESSION).unwrap();
    assert_eq!(row.ty.fixed_bytes(), Some(4));
}

#[test]
fn fact_3_1_2_null_buffers_and_wrong_lengths() {
    let option = OptionId::REDIRECT_POLICY;
    assert_eq!(
        set_length(option, SESSION, false, 4),
        Some(OptionError::InvalidParameter)
    );
    assert_eq!(set_length(option, SESSION, true, 3), Some(FOUR_BYTES));
    assert_eq!(set_length(option, SESSION, true, 5), Some(FOUR_BYTES));
    assert_eq!(set_length(option, SESSION, true, 4), None);
}

#[test]
fn fact_3_1_3_option_zero() {
    for kind in EVERY_HTTP_HANDLE {
        assert_eq!(
            set_length(OptionId(0), kind, true, 4),
            Some(OptionError::InvalidOption)
        );
        assert_eq!(
            query(OptionId(0), kind),
            Some(OptionError::InvalidParameter)
        );
    }
}

#[test]
fn fact_3_1_4_set_only_options_cannot_be_read() {
    let set_only = [
        OptionId::DISABLE_FEATURE,
        OptionId::ENABLE_FEATURE,
        OptionId::DECOMPRESSION,
        OptionId::WEB_SOCKET_KEEPALIVE_INTERVAL,
    ];
    for option in set_only {
        for kind in [SESSION, CONNECT, REQUEST, WEB_SOCKET] {
            assert_eq!(
                query(option, kind),
                Some(OptionError::InvalidParameter),
                "{option:?}"
            );
        }
    }
}

#[test]
fn fact_3_2_1_redirect_policy_default_and_range() {
    assert_eq!(default(OptionId::REDIRECT_POLICY), Some(Value::Dword(1)));
    assert_eq!(set(OptionId::REDIRECT_POLICY, SESSION, 2), Ok(()));
    assert_eq!(
        set(OptionId::REDIRECT_POLICY, SESSION, 3),
        Err(OptionError::InvalidParameter)
    );
}

#[test]
fn fact_3_2_2_worker_thread_count_reads_zero_everywhere() {
    for kind in EVERY_HTTP_HANDLE {
        assert_eq!(query(OptionId::WORKER_THREAD_COUNT, kind), None);
    }
    assert_eq!(
        default(OptionId::WORKER_THREAD_COUNT),
        Some(Value::Dword(0))
    );
}

#[test]
fn fact_3_2_3_disable_feature_takes_any_bits_on_requests_only() {
    let option = OptionId::DISABLE_FEATURE;
    for kind in [SESSION, CONNECT] {
        assert_eq!(set(option, kind, 1), Err(OptionError::IncorrectHandleType));
    }
    for mask in [0, 1, 15, 0xFFFF_FFFF] {
        assert_eq!(set(option, REQUEST, mask), Ok(()));
    }
}

#[test]
fn fact_3_2_4_enable_feature_is_strict() {
    let option = OptionId::ENABLE_FEATURE;
    let invalid = Some(OptionError::InvalidParameter);
    assert_eq!(set_length(option, REQUEST, false, 4), invalid);
    assert_eq!(set_length(option, REQUEST, false, 0), invalid);
    for length in [0, 3, 5, 8] {
        assert_eq!(set_length(option, REQUEST, true, length), invalid);
    }
    assert_eq!(set(option, REQUEST, 1), Ok(()));
    assert_eq!(set(option, REQUEST, 4), Err(OptionError::InvalidParameter));
    assert_eq!(
        set(option, REQUEST, 0xFFFF_FFFF),
        Err(OptionError::InvalidParameter)
    );
}

#[test]
fn facts_3_2_5_and_3_2_11_settable_on_requests() {
    assert_eq!(set(OptionId::CONNECT_RETRIES, REQUEST, 1), Ok(()));
    assert_eq!(default(OptionId::CONNECT_RETRIES), Some(Value::Dword(5)));
    assert_eq!(
        set(OptionId::MAX_HTTP_AUTOMATIC_REDIRECTS, REQUEST, 2),
        Ok(())
    );
}

#[test]
fn fact_3_2_6_decompression_on_session_and_request() {
    for kind in [SESSION, REQUEST] {
        assert_eq!(set(OptionId::DECOMPRESSION, kind, 3), Ok(()));
        assert_eq!(
            set(OptionId::DECOMPRESSION, kind, 4),
            Err(OptionError::InvalidParameter)
        );
    }
}

#[test]
fn fact_3_2_7_secure_protocols_on_sessions_only() {
    let option = OptionId::SECURE_PROTOCOLS;
    assert_eq!(set(option, SESSION, 0x2800), Ok(()));
    assert_eq!(set(option, SESSION, 0x00A8), Ok(()));
    assert_eq!(
        set(option, SESSION, 0x4000),
        Err(OptionError::InvalidParameter)
    );
    assert_eq!(
        set(option, CONNECT, 0x2800),
        Err(OptionError::IncorrectHandleType)
    );
    assert_eq!(
        set(option, REQUEST, 0x2800),
        Err(OptionError::IncorrectHandleType)
    );
}

#[test]
fn fact_3_2_8_security_flags_that_can_be_set() {
    let option = OptionId::SECURITY_FLAGS;
    assert_eq!(default(option), Some(Value::Dword(0)));
    for flags in [0x100, 0x200, 0x1000, 0x2000, 0x3300, 0] {
        assert_eq!(set(option, REQUEST, flags), Ok(()));
    }
    for flags in [1, 0x1000_0000, 0x2000_0000, 0x4000_0000, 0x101] {
        assert_eq!(
            set(option, REQUEST, flags),
            Err(OptionError::InvalidParameter)
        );
    }
}

#[test]
fn fact_3_2_9_no_client_certificate() {
    let option = OptionId::CLIENT_CERT_CONTEXT;
    assert_eq!(set_length(option, REQUEST, false, 0), None);
    assert_eq!(check_client_certificate(true, false), Ok(()));
    assert_eq!(
        check_client_certificate(false, false),
        Err(OptionError::IncorrectHandleState)
    );
    assert_eq!(
        check_client_certificate(false, true),
        Err(OptionError::IncorrectHandleState)
    );
}

#[test]
fn fact_3_2_10_the_server_certificate_is_read_from_requests() {
    let options = [
        OptionId::SERVER_CERT_CONTEXT,
        OptionId::SECURITY_KEY_BITNESS,
        OptionId::SECURITY_CERTIFICATE_STRUCT,
    ];
    for option in options {
        assert_eq!(query(option, REQUEST), None);
        assert_eq!(
            query(option, SESSION),
            Some(OptionError::IncorrectHandleType)
        );
        assert_eq!(
            set_length(option, REQUEST, true, 8),
            Some(OptionError::NotSettable)
        );
    }
}

#[test]
fn fact_3_2_12_passport_is_configured_on_sessions() {
    assert_eq!(
        set(OptionId::CONFIGURE_PASSPORT_AUTH, SESSION, 0x1000_0000),
        Ok(())
    );
}

#[test]
fn fact_3_2_13_readable_on_session_connect_and_request() {
    let options = [
        OptionId::MAX_HTTP_STATUS_CONTINUE,
        OptionId::MAX_RESPONSE_HEADER_SIZE,
        OptionId::MAX_RESPONSE_DRAIN_SIZE,
        OptionId::HANDLE_TYPE,
        OptionId::EXTENDED_ERROR,
    ];
    for option in options {
        for kind in EVERY_HTTP_HANDLE {
            assert_eq!(query(option, kind), None, "{option:?}");
        }
    }
    for kind in [CONNECT, REQUEST] {
        assert_eq!(query(OptionId::PARENT_HANDLE, kind), None);
    }
    assert_eq!(
        query(OptionId::PARENT_HANDLE, SESSION),
        Some(OptionError::IncorrectHandleType)
    );
}

#[test]
fn fact_3_3_1_text_may_have_any_length() {
    let options = [
        OptionId::USERNAME,
        OptionId::PASSWORD,
        OptionId::PROXY_USERNAME,
        OptionId::PROXY_PASSWORD,
    ];
    for option in options {
        for length in [0, 1, 7] {
            assert_eq!(set_length(option, REQUEST, true, length), None);
        }
        assert_eq!(
            set_length(option, REQUEST, false, 0),
            Some(OptionError::InvalidParameter)
        );
        assert_eq!(
            set_length(option, SESSION, true, 7),
            Some(OptionError::IncorrectHandleType)
        );
    }
}

#[test]
fn fact_3_4_2_connects_show_timeouts_but_have_none_of_their_own() {
    for number in [2, 3, 5, 6, 7] {
        let option = OptionId(number);
        assert_eq!(
            set(option, CONNECT, 1),
            Err(OptionError::IncorrectHandleType)
        );
        assert_eq!(query(option, CONNECT), None);
        assert_eq!(set(option, SESSION, 0xBEEF_DEAD), Ok(()));
        assert_eq!(set(option, REQUEST, 0xBEEF_DEAD), Ok(()));
    }
}

#[test]
fn fact_9_1_1_the_upgrade_is_set_with_null() {
    let option = OptionId::UPGRADE_TO_WEB_SOCKET;
    assert_eq!(set_length(option, REQUEST, false, 0), None);
    assert_eq!(
        set_length(option, REQUEST, true, 4),
        Some(OptionError::InvalidParameter)
    );
    assert_eq!(
        set_length(option, REQUEST, false, 4),
        Some(OptionError::InvalidParameter)
    );
    for kind in [SESSION, CONNECT, WEB_SOCKET] {
        assert_eq!(
            set_length(option, kind, false, 0),
            Some(OptionError::IncorrectHandleType)
        );
    }
}

#[test]
fn facts_9_1_2_to_9_1_4_web_socket_buffers() {
    for option in [
        OptionId::WEB_SOCKET_RECEIVE_BUFFER_SIZE,
        OptionId::WEB_SOCKET_SEND_BUFFER_SIZE,
    ] {
        assert_eq!(default(option), Some(Value::Dword(32_768)));
        for kind in [SESSION, REQUEST] {
            assert_eq!(query(option, kind), None);
            for size in [0, 15, 65_535, 1_048_576] {
                assert_eq!(set(option, kind, size), Ok(()));
            }
        }
        for kind in [CONNECT, WEB_SOCKET] {
            assert_eq!(query(option, kind), Some(OptionError::IncorrectHandleType));
            assert_eq!(
                set(option, kind, 65_535),
                Err(OptionError::IncorrectHandleType)
            );
        }
    }
    assert_eq!(crate::option::MIN_WEB_SOCKET_SEND_BUFFER_BYTES, 16);
}

#[test]
fn fact_9_1_5_keep_alive_interval() {
    let option = OptionId::WEB_SOCKET_KEEPALIVE_INTERVAL;
    for length in [2, 8] {
        let error = set_length(option, WEB_SOCKET, true, length);
        assert_eq!(error, Some(OptionError::InvalidParameter));
    }
    assert_eq!(
        set(option, WEB_SOCKET, 10_000),
        Err(OptionError::InvalidParameter)
    );
    assert_eq!(
        set(option, WEB_SOCKET, 14_999),
        Err(OptionError::InvalidParameter)
    );
    assert_eq!(set(option, WEB_SOCKET, 15_000), Ok(()));
    assert_eq!(set(option, WEB_SOCKET, 20_000), Ok(()));
    assert_eq!(
        set(option, REQUEST, 20_000),
        Err(OptionError::IncorrectHandleType)
    );
    assert_eq!(default(option), Some(Value::Dword(30_000)));
}

#[test]
fn fact_9_1_6_close_timeout() {
    let option = OptionId::WEB_SOCKET_CLOSE_TIMEOUT;
    assert_eq!(set(option, WEB_SOCKET, 1000), Ok(()));
    assert_eq!(query(option, WEB_SOCKET), None);
    assert_eq!(default(option), Some(Value::Dword(10_000)));
    assert_eq!(
        set(option, REQUEST, 1000),
        Err(OptionError::IncorrectHandleType)
    );
}

#[test]
fn fact_1_13_the_unload_event_has_the_size_of_a_handle() {
    let option = OptionId::UNLOAD_NOTIFY_EVENT;
    assert_eq!(set_length(option, SESSION, true, 8), None);
    assert_eq!(
        set_length(option, SESSION, true, 4),
        Some(OptionError::InvalidParameter)
    );
    assert_eq!(
        set_length(option, REQUEST, true, 8),
        Some(OptionError::IncorrectHandleType)
    );
}
