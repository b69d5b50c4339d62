//! Frames on their way out: pieces, keys, what a close frame may say.

use super::*;

/// The bytes of a frame, and how many parts it took.
fn drain(end: &mut End, payload: &[u8]) -> (Vec<u8>, usize) {
    let (mut wire, mut parts) = (Vec::new(), 0);
    loop {
        let action = end.action(Queue::Send).unwrap();
        let Action::SendToNetwork { first, second, .. } = &action else {
            end.done(&action, 0);
            return (wire, parts);
        };
        let before = wire.len();
        wire.extend(if matches!(first, Place::Lent { .. }) {
            payload.to_vec()
        } else {
            end.at(first)
        });
        if second.is_some() {
            wire.extend(payload);
        }
        parts += 1;
        let bytes = wire.len() - before;
        end.done(&action, bytes);
    }
}

fn binary(payload: &[u8]) -> Outgoing<Vec<u8>> {
    Outgoing::Data {
        kind: Binary,
        last: true,
        payload: payload.to_vec(),
    }
}

#[test]
fn a_masked_frame_is_cut_into_parts_of_the_send_area() {
    let payload: Vec<u8> = (0..=255).cycle().take(1000).collect();
    for send_bytes in [16, 17, 255, 256, 1007, 1008, 4096] {
        let mut settings = Settings::new(Role::Client);
        settings.send_bytes = send_bytes;
        let mut client = End::with(Role::Client, settings);
        client.send(binary(&payload)).unwrap();
        let (wire, parts) = drain(&mut client, &payload);
        assert_eq!(
            parts,
            1008_usize.div_ceil(usize::try_from(send_bytes).unwrap())
        );
        assert_eq!(wire[..8], [0x82, 0xfe, 0x03, 0xe8, 0x37, 0xfa, 0x21, 0x3d]);
        let plain: Vec<u8> = wire[8..]
            .iter()
            .zip(KEY.iter().cycle())
            .map(|(a, b)| a ^ b)
            .collect();
        assert_eq!(plain, payload);
    }
}

#[test]
fn frames_that_are_not_masked_are_never_copied() {
    let payload = vec![7; 70_000];
    let mut zero = Settings::new(Role::Client);
    zero.disable_masking = true;
    for (role, settings, header) in [
        (
            Role::Server,
            Settings::new(Role::Server),
            &b"\x82\x7f\0\0\0\0\0\x01\x11\x70"[..],
        ),
        (
            Role::Client,
            zero,
            b"\x82\xff\0\0\0\0\0\x01\x11\x70\0\0\0\0",
        ),
    ] {
        let mut end = End::with(role, settings);
        end.send(binary(&payload)).unwrap();
        let (wire, parts) = drain(&mut end, &payload);
        assert_eq!(parts, 1);
        assert_eq!(wire, [header, &payload].concat());
    }
}

#[test]
fn a_cancelled_frame_is_over_and_the_next_one_is_whole() {
    let mut settings = Settings::new(Role::Client);
    settings.send_bytes = 16;
    let mut client = End::with(Role::Client, settings);
    client.send(binary(&[1; 100])).unwrap();
    client.send(binary(&[2; 3])).unwrap();
    let part = client.action(Queue::Send).unwrap();
    client.done(&part, 15);
    let (wire, _) = drain(&mut client, &[]);
    assert_eq!(wire, b"", "only the indication is left");
    let (wire, _) = drain(&mut client, &[]);
    assert_eq!(wire, b"\x82\x83\x37\xfa\x21\x3d\x35\xf8\x23");
}

#[test]
fn what_a_close_frame_may_say() {
    let body = |status, reason: &[u8]| Outgoing::Close(Some((status, reason.to_vec())));
    for refused in [
        body(0, b""),
        body(999, b""),
        body(1005, b"x"),
        body(1006, b""),
        body(1015, b""),
        body(1000, &[b'r'; 124]),
    ] {
        assert_eq!(
            End::new(Role::Server).send(refused),
            Err(ComponentError::InvalidArgument)
        );
    }
    for (accepted, reason, wire) in [
        (Outgoing::Close(None), &b""[..], b"\x88\x00".to_vec()),
        (body(1005, b""), b"", b"\x88\x00".to_vec()),
        (body(1001, b""), b"", b"\x88\x02\x03\xe9".to_vec()),
        (body(65535, b"bye"), b"bye", b"\x88\x05\xff\xffbye".to_vec()),
        (
            body(1000, &[b'r'; 123]),
            &[b'r'; 123],
            [&b"\x88\x7d\x03\xe8"[..], &[b'r'; 123]].concat(),
        ),
    ] {
        let mut server = End::new(Role::Server);
        server.send(accepted).unwrap();
        assert_eq!(drain(&mut server, reason).0, wire);
        assert_eq!(
            server.send(Outgoing::Close(None)),
            Err(ComponentError::InvalidOperation)
        );
        assert_eq!(
            server.send(text("late")),
            Err(ComponentError::InvalidOperation)
        );
        assert_eq!(server.send(Outgoing::Ping), Ok(()));
    }
}

#[test]
fn the_status_of_a_close_frame_is_masked_with_its_reason() {
    let mut settings = Settings::new(Role::Client);
    settings.send_bytes = 16;
    let mut client = End::with(Role::Client, settings);
    client
        .send(Outgoing::Close(Some((1000, b"bye, all of you".to_vec()))))
        .unwrap();
    let (wire, parts) = drain(&mut client, &[]);
    assert_eq!(parts, 2);
    let plain: Vec<u8> = wire[6..]
        .iter()
        .zip(KEY.iter().cycle())
        .map(|(a, b)| a ^ b)
        .collect();
    assert_eq!(plain, b"\x03\xe8bye, all of you");
}

#[test]
fn without_random_bytes_nothing_is_queued() {
    let mut client = End::new(Role::Client);
    assert_eq!(
        client.0.send(text("x"), 0, &|| None),
        Err(ComponentError::NoEntropy)
    );
    assert_eq!(
        client.0.send(Outgoing::Close(None), 0, &|| None),
        Err(ComponentError::NoEntropy)
    );
    assert_eq!(client.action(Queue::Send), Ok(Action::None));
    assert_eq!(client.send(text("x")), Ok(()), "no close frame was sent");
}
