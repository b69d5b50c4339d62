//! Checks options on handles without a network: scopes, order of errors, what is honoured and what
//! is recorded.

use winhttp_proto::error::Error;
use winhttp_proto::header::Version;
use winhttp_proto::option::{OptionId, Structure, Value};

use super::*;
use crate::api::edge::{Event, Handles, handles, handles_of, open_request};
use crate::api::{OpenSession, ProxyAccess};

impl Handles {
    fn set(&self, handle: u64, option: OptionId, value: Value) -> Result<()> {
        let length = match &value {
            Value::Dword(_) => 4,
            Value::Pointer(_) => 8,
            Value::Text(text) => u32::try_from(text.len()).unwrap(),
            Value::Secret(text) => u32::try_from(text.expose().len()).unwrap(),
            Value::Struct(structure) => structure.layout().bytes(),
        };
        self.library
            .set_option(handle, option.0, true, length)?
            .put(NewValue::Plain(value))
    }

    fn number(&self, handle: u64, option: OptionId) -> Result<u32> {
        match self.library.query_option(handle, option.0, 0)? {
            OptionAnswer::Number(number) => Ok(number),
            other => panic!("{other:?}"),
        }
    }

    fn text(&self, handle: u64, option: OptionId) -> String {
        match self.library.query_option(handle, option.0, 0).unwrap() {
            OptionAnswer::Text(text) => text,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn fact_3_1_3_unknown_options_are_found_before_the_handle_is_looked_at() {
    let Handles {
        library, session, ..
    } = handles();
    for handle in [session, 0, 0xdead_beef] {
        assert_eq!(
            library.set_option(handle, 0, true, 4).err(),
            Some(Error::InvalidOption)
        );
        let asked = library.query_option(handle, 0, 0);
        assert_eq!(asked.err(), Some(Error::InvalidParameter));
        assert_eq!(
            library.query_option(handle, 8, 0).err(),
            Some(Error::InvalidParameter)
        );
    }
}

#[test]
fn closed_and_invented_handles_are_invalid() {
    let handles = handles();
    handles.library.close(handles.request).unwrap();
    let option = OptionId::SECURITY_FLAGS;
    for handle in [handles.request, 1, 0xdead_beef, 0] {
        assert_eq!(handles.number(handle, option), Err(Error::InvalidHandle));
        let set = handles.set(handle, option, Value::Dword(0));
        assert_eq!(set, Err(Error::InvalidHandle));
    }
}

#[test]
fn fact_3_4_2_a_connect_shows_what_its_session_has_now() {
    let handles = handles();
    let option = OptionId::SEND_TIMEOUT;
    handles
        .set(handles.session, option, Value::Dword(7))
        .unwrap();
    assert_eq!(handles.number(handles.connect, option), Ok(7));
    let set = handles.set(handles.connect, option, Value::Dword(8));
    assert_eq!(set, Err(Error::IncorrectHandleType));
    // Fact 3.4.3: the request has copied what was there when it was opened.
    assert_eq!(handles.number(handles.request, option), Ok(30_000));
}

#[test]
fn fact_3_2_2_the_number_of_worker_threads_reads_0_and_can_be_set_once() {
    let handles = handles();
    let option = OptionId::WORKER_THREAD_COUNT;
    for handle in [handles.session, handles.connect, handles.request, 0] {
        assert_eq!(handles.number(handle, option), Ok(0));
    }
    assert_eq!(handles.set(0, option, Value::Dword(4)), Ok(()));
    assert_eq!(handles.number(handles.request, option), Ok(4));
    assert_eq!(
        handles.set(0, option, Value::Dword(5)),
        Err(Error::IncorrectHandleState)
    );
}

#[test]
fn the_version_of_the_process_is_that_of_requests_opened_without_one() {
    let handles = handles();
    let (library, option) = (&handles.library, OptionId::HTTP_VERSION);
    let version = |handle| match library.query_option(handle, option.0, 0).unwrap() {
        OptionAnswer::Struct(Structure::HttpVersion(version)) => version.minor,
        other => panic!("{other:?}"),
    };
    assert_eq!(version(handles.session), 1);
    handles
        .set(0, option, Value::from(Version::HTTP_10))
        .unwrap();
    assert_eq!((version(handles.session), version(handles.request)), (0, 1));
    assert_eq!(version(open_request(library, handles.connect, None)), 0);
    assert_eq!(
        version(open_request(library, handles.connect, Some("HTTP/1.1"))),
        1
    );
    handles
        .set(handles.session, option, Value::from(Version::HTTP_11))
        .unwrap();
    let request = open_request(library, handles.connect, None);
    assert_eq!(version(request), 1);
    handles
        .set(request, option, Value::from(Version::HTTP_10))
        .unwrap();
    assert_eq!(version(request), 0);
}

#[test]
fn a_user_agent_of_the_request_goes_before_the_sessions() {
    let handles = handles();
    let option = OptionId::USER_AGENT;
    assert_eq!(handles.text(handles.request, option), "agent");
    handles
        .set(handles.session, option, Value::Text("other".into()))
        .unwrap();
    assert_eq!(handles.text(handles.request, option), "other");
    handles
        .set(handles.request, option, Value::Text("own".into()))
        .unwrap();
    assert_eq!(handles.text(handles.request, option), "own");
    assert_eq!(handles.text(handles.session, option), "other");
}

#[test]
fn a_user_agent_cannot_smuggle_in_headers() {
    let handles = handles();
    for handle in [handles.session, handles.request] {
        let agent = Value::Text("a\r\nCookie: b".into());
        let set = handles.set(handle, OptionId::USER_AGENT, agent);
        assert_eq!(set, Err(Error::InvalidParameter));
        assert_eq!(handles.text(handle, OptionId::USER_AGENT), "agent");
    }
}

#[test]
fn fact_2_16_the_url_is_known_from_the_opening_on() {
    let handles = handles();
    let url = handles.text(handles.request, OptionId::URL);
    assert_eq!(url, "http://localhost:8080/path?query");
}

#[test]
fn what_a_connection_tells_is_not_there_before_the_send() {
    let Handles {
        library, request, ..
    } = handles();
    let options = [
        OptionId::CONNECTION_INFO,
        OptionId::SECURITY_CERTIFICATE_STRUCT,
        OptionId::SECURITY_KEY_BITNESS,
        OptionId::SERVER_CERT_CONTEXT,
        OptionId::SERVER_CBT,
    ];
    for option in options {
        let asked = library.query_option(request, option.0, 0);
        assert_eq!(asked.err(), Some(Error::IncorrectHandleState), "{option:?}");
    }
    // That nothing is in use is an answer, too.
    let asked = library.query_option(request, OptionId::SECURITY_INFO.0, 0);
    assert!(matches!(asked, Ok(OptionAnswer::Cipher(None))));
}

#[test]
fn an_idle_request_has_no_connection_to_expire() {
    let Handles {
        library, request, ..
    } = handles();
    let option = OptionId::EXPIRE_CONNECTION.0;
    let setting = library.set_option(request, option, false, 0).unwrap();
    assert_eq!(
        setting.put(NewValue::Nothing),
        Err(Error::IncorrectHandleState)
    );
}

#[test]
fn fact_3_2_9_client_certificates_need_a_secure_request() {
    let Handles {
        library, request, ..
    } = handles();
    let option = OptionId::CLIENT_CERT_CONTEXT.0;
    for (has_buffer, length, value) in [
        (false, 0, NewValue::Nothing),
        (true, 40, NewValue::ClientCertificate),
    ] {
        let setting = library
            .set_option(request, option, has_buffer, length)
            .unwrap();
        assert_eq!(setting.put(value), Err(Error::IncorrectHandleState));
    }
}

#[test]
fn secure_defaults_do_not_allow_less_than_tls_1_2() {
    let secure = OpenSession {
        agent: None,
        proxy: ProxyAccess::Direct,
        asynchronous: false,
        secure_defaults: true,
    };
    let option = OptionId::SECURE_PROTOCOLS;
    let handles = handles_of(secure);
    let old = handles.set(handles.session, option, Value::Dword(0x880));
    assert_eq!(old, Err(Error::AccessDenied));
    assert_eq!(
        handles.set(handles.session, option, Value::Dword(0x2800)),
        Ok(())
    );
    assert_eq!(
        handles.set(handles.connect, option, Value::Dword(0x2800)),
        Err(Error::IncorrectHandleType)
    );
}

#[test]
fn the_name_to_look_up_must_be_one() {
    let handles = handles();
    let option = OptionId::RESOLUTION_HOSTNAME;
    let set = |name: &str| handles.set(handles.request, option, Value::Text(name.into()));
    assert_eq!(set("no name"), Err(Error::InvalidParameter));
    assert_eq!(set("127.0.0.1"), Ok(()));
    assert_eq!(set("[::1]"), Ok(()));
    assert_eq!(set(""), Ok(()));
}

#[test]
fn fact_1_13_the_unload_event_is_set_once() {
    let Handles {
        library, session, ..
    } = handles();
    let option = OptionId::UNLOAD_NOTIFY_EVENT.0;
    let setting = library.set_option(session, option, true, 8).unwrap();
    assert_eq!(setting.put(NewValue::UnloadEvent(Event)), Ok(()));
    assert_eq!(
        setting.put(NewValue::UnloadEvent(Event)),
        Err(Error::InvalidParameter)
    );
}

#[test]
fn a_proxy_of_the_request_leaves_the_session_alone() {
    let handles = handles();
    let library = &handles.library;
    let access = |handle| match library.query_option(handle, OptionId::PROXY.0, 0).unwrap() {
        OptionAnswer::Proxy(access) => access,
        other => panic!("{other:?}"),
    };
    let named = ProxyAccess::named("proxy".to_owned(), None).unwrap();
    let setting = library
        .set_option(handles.request, OptionId::PROXY.0, true, 24)
        .unwrap();
    setting.put(NewValue::Proxy(named.clone())).unwrap();
    assert_eq!(access(handles.request), named);
    assert_eq!(access(handles.session), ProxyAccess::Direct);
    assert_eq!(access(0), ProxyAccess::Direct);
}

#[test]
fn handles_know_their_kind_and_their_parent() {
    let handles = handles();
    let library = &handles.library;
    let parent = |handle| library.query_option(handle, OptionId::PARENT_HANDLE.0, 0);
    for (handle, above) in [
        (handles.request, handles.connect),
        (handles.connect, handles.session),
    ] {
        assert!(matches!(parent(handle), Ok(OptionAnswer::Handle(id)) if id.bits() == above));
    }
    assert_eq!(
        parent(handles.session).err(),
        Some(Error::IncorrectHandleType)
    );
    let kinds = [handles.session, handles.connect, handles.request]
        .map(|handle| handles.number(handle, OptionId::HANDLE_TYPE).unwrap());
    assert_eq!(kinds, [1, 2, 3]);
}

#[test]
fn fact_1_11_the_context_is_inherited_and_then_the_handles_own() {
    let handles = handles();
    let context = |handle| match handles.library.query_option(handle, 45, 0).unwrap() {
        OptionAnswer::Pointer(context) => context,
        other => panic!("{other:?}"),
    };
    handles
        .set(handles.session, OptionId::CONTEXT_VALUE, Value::Pointer(77))
        .unwrap();
    assert_eq!(
        (context(handles.session), context(handles.connect)),
        (77, 0)
    );
    let connect = handles
        .library
        .connect_to(handles.session, "localhost", 0)
        .unwrap();
    assert_eq!(context(connect.bits()), 77);
}
