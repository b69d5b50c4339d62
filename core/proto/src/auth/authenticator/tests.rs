//! Whole conversations: what is sent to whom, and which challenges are answered.

mod in_any_order;

use super::*;
use crate::url::Scheme;
use crate::url::host::Host;
use Reaction::{Deliver, SendAgain};

const BASIC_1: &str = "Basic dXNlcjE6cDE=";
const BASIC_2: &str = "Basic dXNlcjI6cDI=";
const DIGEST: &str = "Digest realm=\"r\", nonce=\"n1\", qop=\"auth\"";

fn origin(host: &str) -> Origin {
    Origin::new(Scheme::Http, &Host::parse(host).unwrap(), 80)
}

/// `user1` with `p1`, and so on.
fn login(number: u32) -> Login {
    Login::new(format!("user{number}"), format!("p{number}"))
}

fn credentials(target: AuthTarget, scheme: AuthScheme, number: u32) -> Credentials {
    let login = Some(login(number));
    Credentials {
        target,
        scheme,
        login,
    }
}

/// A server's authenticator that is asked in short.
struct Client(Authenticator);

impl Client {
    fn new() -> Self {
        Self(Authenticator::new(AuthTarget::Server))
    }

    fn set(&mut self, scheme: AuthScheme, number: u32) {
        let credentials = credentials(self.0.target, scheme, number);
        self.0.set_credentials(credentials);
    }

    /// An exchange begins, with these options.
    fn begin(&mut self, option: Option<u32>) {
        self.0.end();
        self.0.begin(option.map(login));
    }

    fn ask(&mut self, host: &str) -> Option<String> {
        let sending = Sending {
            origin: &origin(host),
            method: "GET",
            target: "/",
            body: Some(b""),
        };
        let value = self.0.authorization(&sending)?;
        Some(String::from_utf8(value.expose().to_vec()).unwrap())
    }

    fn challenge(&mut self, host: &str, values: &[&str]) -> Reaction {
        let values = values.iter().map(|value| value.as_bytes());
        let cnonce = Cnonce::new([0xab; 16]);
        self.0.challenged(&origin(host), values, true, cnonce)
    }

    fn accept(&mut self, host: &str, information: &[&str]) {
        let information = information.iter().map(|value| value.as_bytes());
        self.0.accepted(&origin(host), information);
    }
}

/// A program that shows credentials of its own asks for none.
#[test]
fn fact_28_7_4_credentials_that_are_not_asked_for_belong_to_their_origin_all_the_same() {
    for option in [None, Some(1)] {
        let mut client = Client::new();
        if option.is_none() {
            client.set(AuthScheme::Basic, 1);
        }
        client.begin(option);
        client.0.goes_to(&origin("a"));
        client.accept("a", &[]);
        assert_eq!(client.ask("b"), None);
        assert_eq!(client.challenge("b", &["Basic realm=r"]), Deliver);
        assert_eq!(client.ask("b"), None);
    }
}

/// Nonce and nc of a Digest value.
fn turn(value: &str) -> (String, String) {
    let behind = |name: &str| value.split_once(name).unwrap().1;
    let nonce = behind(" nonce=\"").split('"').next().unwrap();
    let count = behind(" nc=").get(..8).unwrap();
    (nonce.to_owned(), count.to_owned())
}

fn turn_of(nonce: &str, count: u32) -> (String, String) {
    (nonce.to_owned(), format!("{count:08x}"))
}

#[test]
fn facts_6_4_and_28_3_1_basic_that_is_set_goes_out_unasked() {
    let mut client = Client::new();
    client.set(AuthScheme::Basic, 1);
    client.begin(None);
    assert_eq!(client.ask("a").unwrap(), BASIC_1);
}

#[test]
fn fact_28_3_1_options_and_digest_without_a_nonce_wait_for_a_challenge() {
    let mut client = Client::new();
    client.begin(Some(1));
    assert_eq!(client.ask("a"), None);
    client.set(AuthScheme::Digest, 1);
    client.begin(None);
    assert_eq!(client.ask("a"), None);
}

#[test]
fn fact_28_3_2_digest_set_on_a_fresh_handle_answers_the_challenge() {
    let mut client = Client::new();
    client.set(AuthScheme::Digest, 1);
    client.begin(None);
    assert_eq!(client.ask("a"), None);
    assert_eq!(client.challenge("a", &["Basic", DIGEST]), SendAgain);
    assert_eq!(turn(&client.ask("a").unwrap()), turn_of("n1", 1));
}

#[test]
fn fact_28_2_1_credentials_set_after_the_challenge_are_sent() {
    let mut client = Client::new();
    client.begin(None);
    assert_eq!(client.ask("a"), None);
    assert_eq!(client.challenge("a", &["Basic", DIGEST]), Deliver);
    client.set(AuthScheme::Basic, 1);
    client.begin(None);
    assert_eq!(client.ask("a").unwrap(), BASIC_1);
    assert_eq!(client.challenge("a", &[DIGEST]), Deliver);
    // The nonce is known from the challenge that was delivered.
    client.set(AuthScheme::Digest, 1);
    client.begin(None);
    assert_eq!(turn(&client.ask("a").unwrap()), turn_of("n1", 1));
}

#[test]
fn fact_6_5_set_credentials_come_before_the_options() {
    let mut client = Client::new();
    client.set(AuthScheme::Basic, 2);
    client.begin(Some(1));
    assert_eq!(client.ask("a").unwrap(), BASIC_2);
    assert_eq!(client.challenge("a", &["Basic"]), Deliver);
    // The next exchange has the options only.
    client.begin(Some(1));
    assert_eq!(client.ask("a"), None);
    assert_eq!(client.challenge("a", &["Basic"]), SendAgain);
    assert_eq!(client.ask("a").unwrap(), BASIC_1);
    // Also where they are of no use.
    for scheme in [
        AuthScheme::Ntlm,
        AuthScheme::Negotiate,
        AuthScheme::Passport,
    ] {
        client.set(scheme, 2);
        client.begin(Some(1));
        assert_eq!(client.ask("a"), None);
        assert_eq!(client.challenge("a", &["NTLM", "Basic"]), Deliver);
    }
    let login = None;
    client.0.set_credentials(Credentials {
        target: AuthTarget::Server,
        scheme: AuthScheme::Negotiate,
        login,
    });
    client.begin(Some(1));
    assert_eq!(client.challenge("a", &["Negotiate", "Basic"]), Deliver);
}

#[test]
fn facts_6_5_and_28_1_3_options_answer_with_the_strongest_scheme() {
    for (offered, wanted) in [
        (&["Basic realm=x"][..], "Basic"),
        (&["Basic", DIGEST], "Digest"),
        (&[DIGEST, "Basic"], "Digest"),
        (&["NTLM, Negotiate", "Bearer", "Basic"], "Basic"),
        (&["Digest realm=x", "Basic"], "Basic"),
    ] {
        let mut client = Client::new();
        client.begin(Some(1));
        assert_eq!(client.ask("a"), None);
        assert_eq!(client.challenge("a", offered), SendAgain, "{offered:?}");
        let value = client.ask("a").unwrap();
        assert!(value.starts_with(wanted), "{offered:?}: {value}");
    }
}

#[test]
fn fact_28_2_4_wrong_credentials_are_tried_once() {
    for offered in ["Basic", DIGEST] {
        let mut client = Client::new();
        client.begin(Some(1));
        assert_eq!(client.challenge("a", &[offered]), SendAgain);
        assert!(client.ask("a").is_some());
        let second = client.challenge("a", &[&offered.replace("n1", "n2")]);
        assert_eq!(second, Deliver);
    }
    for (scheme, offered) in [(AuthScheme::Basic, "Basic"), (AuthScheme::Digest, DIGEST)] {
        let mut client = Client::new();
        client.set(scheme, 1);
        client.begin(None);
        let _ = client.ask("a");
        let first = client.challenge("a", &[offered]);
        let unasked = scheme == AuthScheme::Basic;
        assert_eq!(first == Deliver, unasked);
        let _ = client.ask("a");
        assert_eq!(client.challenge("a", &[offered]), Deliver);
        // With a nonce from a challenge that was delivered, the first refusal is the last.
        client.set(scheme, 2);
        client.begin(None);
        assert!(client.ask("a").is_some());
        assert_eq!(client.challenge("a", &[offered]), Deliver);
    }
}

#[test]
fn fact_28_3_3_basic_sent_unasked_and_a_digest_challenge() {
    let mut client = Client::new();
    client.set(AuthScheme::Basic, 1);
    client.begin(Some(2));
    assert_eq!(client.ask("a").unwrap(), BASIC_1);
    assert_eq!(client.challenge("a", &[DIGEST]), Deliver);
}

#[test]
fn a_scheme_that_is_not_offered_is_not_used() {
    let mut client = Client::new();
    client.set(AuthScheme::Digest, 1);
    client.begin(Some(2));
    assert_eq!(client.challenge("a", &["Basic"]), Deliver);
    assert_eq!(client.challenge("a", &[]), Deliver);
}

#[test]
fn fact_28_4_1_every_accepted_form_is_answered() {
    for offered in [
        &["Basic realm=\"x\""][..],
        &["basic realm=x"],
        &["Basic"],
        &["Digest realm=\"b\", nonce=\"c\"", "Basic"],
        &["Basic realm=\"a\", Digest realm=\"b\",nonce=\"c\""],
        &["Digest realm=b, nonce=c"],
        &["Digest realm=b, nonce=\"c\", algorithm=md5, qop=auth"],
        &["Digest realm=b, nonce=\"c\", algorithm=MD5, qop=\"auth,auth-int\""],
        &["Digest realm=b, nonce=\"c\", qop=\"auth\", stale=false"],
        &["Basic something", "Basic realm=x"],
    ] {
        let mut client = Client::new();
        client.begin(Some(1));
        assert_eq!(client.challenge("a", offered), SendAgain, "{offered:?}");
        assert!(client.ask("a").is_some(), "{offered:?}");
    }
}

#[test]
fn fact_28_4_2_what_is_not_usable_stays_a_401() {
    for offered in [
        "Basic something, Digest something",
        "Digest realm=\"r\" nonce=\"n\"",
        "Digest realm=\"r\", nonce=\"n\", algorithm=MD5 Basic realm=\"r\"",
        "Digest realm=r, nonce=n, algorithm=SHA-512-256",
        "Bearer",
        "",
    ] {
        let mut client = Client::new();
        client.begin(Some(1));
        assert_eq!(client.challenge("a", &[offered]), Deliver, "{offered}");
    }
}

#[test]
fn fact_40_2_the_strongest_algorithm_and_the_first_among_equals() {
    let offer = |nonce: &str, algorithm: &str| {
        format!("Digest realm=r, nonce={nonce}, qop=auth, algorithm={algorithm}")
    };
    let md5 = offer("a", "MD5");
    let sha = offer("b", "SHA-256");
    let unknown = offer("c", "SHA-512-256");
    for (offered, nonce) in [
        ([&*md5, &sha, &unknown], "b"),
        ([&*sha, &md5, &md5], "b"),
        ([&*unknown, &md5, &offer("d", "MD5-sess")], "a"),
        ([&*offer("d", "SHA-256-sess"), &md5, &sha], "d"),
    ] {
        let mut client = Client::new();
        client.begin(Some(1));
        assert_eq!(client.challenge("a", &offered), SendAgain);
        assert_eq!(turn(&client.ask("a").unwrap()), turn_of(nonce, 1));
    }
}

#[test]
fn fact_28_5_2_a_stale_nonce_is_renewed_once() {
    let stale = |nonce| format!("Digest realm=r, nonce={nonce}, qop=auth, stale=true");
    let mut client = Client::new();
    client.begin(Some(1));
    assert_eq!(client.challenge("a", &[DIGEST]), SendAgain);
    assert!(client.ask("a").is_some());
    assert_eq!(client.challenge("a", &[&stale("n2")]), SendAgain);
    assert_eq!(turn(&client.ask("a").unwrap()), turn_of("n2", 1));
    assert_eq!(client.challenge("a", &[&stale("n3")]), Deliver);
}

#[test]
fn facts_28_3_1_and_40_4_a_nonce_that_was_good_is_used_again() {
    let mut client = Client::new();
    client.set(AuthScheme::Digest, 1);
    client.begin(None);
    assert_eq!(client.challenge("a", &[DIGEST]), SendAgain);
    assert!(client.ask("a").is_some());
    client.accept("a", &[]);
    // Not without credentials.
    client.begin(None);
    assert_eq!(client.ask("a"), None);
    client.accept("a", &[]);
    // Set again, and from the options.
    client.set(AuthScheme::Digest, 1);
    client.begin(None);
    assert_eq!(turn(&client.ask("a").unwrap()), turn_of("n1", 2));
    client.begin(Some(1));
    assert_eq!(turn(&client.ask("a").unwrap()), turn_of("n1", 3));
    // It has grown old without a word of that: the credentials are tried once more.
    assert_eq!(
        client.challenge("a", &[&DIGEST.replace("n1", "n2")]),
        SendAgain
    );
    assert_eq!(turn(&client.ask("a").unwrap()), turn_of("n2", 1));
    assert_eq!(
        client.challenge("a", &[&DIGEST.replace("n1", "n3")]),
        Deliver
    );
}

#[test]
fn fact_28_5_2_nextnonce_is_used_for_the_next_request() {
    let mut client = Client::new();
    client.begin(Some(1));
    assert_eq!(client.challenge("a", &[DIGEST]), SendAgain);
    assert!(client.ask("a").is_some());
    client.accept("a", &["nextnonce=\"n2\", qop=auth"]);
    assert_eq!(turn(&client.ask("a").unwrap()), turn_of("n2", 1));
    client.accept("a", &["nextnonce=\"n1\""]);
    client.begin(Some(1));
    // Counted on from where it was.
    assert_eq!(turn(&client.ask("a").unwrap()), turn_of("n1", 2));
    client.accept("a", &["malformed"]);
    assert_eq!(turn(&client.ask("a").unwrap()), turn_of("n1", 3));
}

#[test]
fn a_server_with_one_nonce_for_ever_sees_no_number_twice() {
    let mut client = Client::new();
    for number in 1..5 {
        client.set(AuthScheme::Digest, number);
        client.begin(None);
        assert_eq!(client.ask("a").is_some(), number > 1);
        let again = client.challenge("a", &[DIGEST]);
        assert_eq!(again == SendAgain, number == 1);
    }
    client.begin(Some(1));
    assert_eq!(turn(&client.ask("a").unwrap()), turn_of("n1", 4));
}

#[test]
fn facts_28_1_1_and_40_3_credentials_are_for_one_exchange_and_one_origin() {
    for (scheme, offered) in [(AuthScheme::Basic, "Basic"), (AuthScheme::Digest, DIGEST)] {
        let mut client = Client::new();
        client.set(scheme, 1);
        client.begin(None);
        let _ = client.ask("a");
        let _ = client.challenge("a", &[offered]);
        assert!(client.ask("a").is_some());
        client.accept("a", &[]);
        // A redirect within the origin, one to another, and one back.
        assert!(client.ask("A").is_some());
        client.accept("a", &[]);
        assert_eq!(client.ask("b"), None);
        assert_eq!(client.challenge("b", &[offered]), Deliver);
        client.accept("b", &[]);
        assert_eq!(client.ask("a").is_some(), scheme == AuthScheme::Basic);
        client.begin(None);
        assert_eq!(client.ask("a"), None);
    }
}

#[test]
fn fact_28_7_4_options_stay_with_their_origin() {
    let mut client = Client::new();
    client.begin(Some(1));
    assert_eq!(client.ask("a"), None);
    client.accept("a", &[]);
    assert_eq!(client.ask("b"), None);
    assert_eq!(client.challenge("b", &["Basic"]), Deliver);
    // Even if the handle now sends there, until the program sets others.
    client.begin(Some(1));
    assert_eq!(client.challenge("b", &["Basic"]), Deliver);
    client.begin(Some(2));
    assert_eq!(client.ask("b"), None);
    assert_eq!(client.challenge("b", &["Basic"]), SendAgain);
    assert_eq!(client.ask("b").unwrap(), BASIC_2);
}

#[test]
fn what_is_set_after_a_challenge_belongs_to_whoever_asked() {
    let mut client = Client::new();
    client.begin(None);
    assert_eq!(client.ask("a"), None);
    client.accept("a", &[]);
    assert_eq!(client.ask("b"), None);
    assert_eq!(client.challenge("b", &["Basic"]), Deliver);
    client.set(AuthScheme::Basic, 1);
    client.begin(None);
    assert_eq!(client.ask("a"), None, "the redirect is gone through again");
    client.accept("a", &[]);
    assert_eq!(client.ask("b").unwrap(), BASIC_1);
}

#[test]
fn fact_26_8_credentials_set_during_a_redirect_are_for_the_next_leg() {
    let mut client = Client::new();
    client.set(AuthScheme::Basic, 1);
    client.begin(None);
    assert_eq!(client.ask("a").unwrap(), BASIC_1);
    client.accept("a", &[]);
    client.set(AuthScheme::Basic, 2);
    assert_eq!(client.ask("b").unwrap(), BASIC_2);
    assert_eq!(client.challenge("b", &["Basic"]), Deliver);
}

#[test]
fn fact_28_3_2_after_resend_request_the_next_send_answers() {
    for offered in ["Basic", DIGEST] {
        let mut client = Client::new();
        client.begin(Some(1));
        assert_eq!(client.ask("a"), None);
        assert_eq!(client.challenge("a", &[offered]), SendAgain);
        // The body cannot be sent again; the program sends without `end` and `begin` here.
        assert!(client.ask("a").is_some());
        assert_eq!(client.challenge("a", &[offered]), Deliver);
    }
}

#[test]
fn fact_28_1_2_a_proxy_gets_its_own_and_nothing_else() {
    let mut client = Client(Authenticator::new(AuthTarget::Proxy));
    client
        .0
        .set_credentials(credentials(AuthTarget::Server, AuthScheme::Basic, 1));
    client.begin(None);
    assert!(!client.0.has_credentials());
    assert_eq!(client.ask("proxy"), None);
    client.set(AuthScheme::Basic, 2);
    client.begin(None);
    assert_eq!(client.ask("proxy").unwrap(), BASIC_2);
    assert_eq!(client.ask("other"), None);
    // Also the options, which any proxy may ask for, but one in an exchange.
    for host in ["proxy", "other"] {
        client.begin(Some(1));
        assert_eq!(client.ask(host), None);
        assert_eq!(client.challenge(host, &["Basic"]), SendAgain);
        assert_eq!(client.ask(host).unwrap(), BASIC_1);
        // The server's challenge is a good answer of the proxy, which gets it again.
        client.accept(host, &[]);
        assert_eq!(client.ask(host).unwrap(), BASIC_1);
        assert_eq!(client.ask("third"), None);
        assert_eq!(client.challenge("third", &["Basic"]), Deliver);
    }
}

#[test]
fn fact_28_5_6_disabled_schemes_are_not_used() {
    let mut client = Client(Authenticator::new(AuthTarget::Proxy));
    client.0.disable_schemes(vec![AuthScheme::Basic]);
    client.set(AuthScheme::Basic, 1);
    client.begin(None);
    assert_eq!(client.ask("proxy"), None);
    assert_eq!(client.challenge("proxy", &["Basic"]), Deliver);
    client.begin(Some(1));
    assert_eq!(client.challenge("proxy", &["Basic", DIGEST]), SendAgain);
    assert_eq!(turn(&client.ask("proxy").unwrap()), turn_of("n1", 1));
}

#[test]
fn fact_28_5_2_auth_int_needs_the_body() {
    let offered = "Digest realm=r, nonce=n, qop=auth-int";
    let mut client = Client::new();
    client.begin(Some(1));
    assert_eq!(client.challenge("a", &[offered]), SendAgain);
    let value = client.ask("a").unwrap();
    assert!(value.contains("qop=auth-int"), "{value}");
    client.accept("a", &[]);
    let bodiless = Sending {
        origin: &origin("a"),
        method: "POST",
        target: "/",
        body: None,
    };
    assert_eq!(client.0.authorization(&bodiless), None);
    let mut challenged = |has_body| {
        client.0.begin(Some(login(1)));
        let cnonce = Cnonce::new([0; 16]);
        let values = [offered.as_bytes()];
        client.0.challenged(&origin("a"), values, has_body, cnonce)
    };
    assert_eq!(challenged(false), Deliver);
    assert_eq!(challenged(true), SendAgain);
}

#[test]
fn names_that_cannot_be_sent_are_not_tried() {
    for user in ["a\r\nX: y", "a\0", ""] {
        let mut client = Client::new();
        let login = || Some(Login::new(user.to_owned(), "p".to_owned()));
        for scheme in [AuthScheme::Basic, AuthScheme::Digest] {
            client.0.set_credentials(Credentials {
                target: AuthTarget::Server,
                scheme,
                login: login(),
            });
            client.begin(None);
            assert_eq!(client.ask("a"), None);
            assert_eq!(client.challenge("a", &["Basic", DIGEST]), Deliver);
        }
        client.0.begin(login());
        assert_eq!(client.challenge("a", &["Basic", DIGEST]), Deliver);
    }
}

#[test]
fn debug_output_shows_no_secret() {
    let mut client = Client::new();
    client.set(AuthScheme::Digest, 1);
    client.begin(Some(2));
    assert_eq!(client.challenge("a", &[DIGEST]), SendAgain);
    let value = client.ask("a").unwrap();
    let response = value.split_once("response=\"").unwrap().1;
    let shown = format!("{:?}", client.0);
    for secret in ["user1", "user2", "p1", "p2", &response[..32]] {
        assert!(!shown.contains(secret), "{secret}: {shown}");
    }
}

#[test]
fn the_login_of_a_leg_is_shown_to_its_own_proxy_alone() {
    let mut client = Client(Authenticator::new(AuthTarget::Proxy));
    client.begin(None);
    client.0.change_login(Some(login(1)), &origin("a"));
    assert_eq!(client.ask("a"), None);
    assert_eq!(client.challenge("a", &["Basic realm=r"]), SendAgain);
    // Composed once more, it is still the same.
    client.0.change_login(Some(login(1)), &origin("a"));
    assert_eq!(client.ask("a").as_deref(), Some(BASIC_1));
    // Two proxies may know him by the same name and password.
    client.0.change_login(Some(login(1)), &origin("same"));
    assert_eq!(client.ask("same"), None);
    assert_eq!(client.challenge("same", &["Basic realm=r"]), SendAgain);
    client.0.change_login(Some(login(2)), &origin("b"));
    assert_eq!(client.ask("b"), None);
    assert_eq!(client.challenge("b", &["Basic realm=r"]), SendAgain);
    assert_eq!(client.ask("b").as_deref(), Some(BASIC_2));
    // Where there is none, that of another is not shown.
    client.0.change_login(None, &origin("c"));
    assert_eq!(client.challenge("c", &["Basic realm=r"]), Deliver);
    client.0.change_login(Some(login(1)), &origin("d"));
    client.ask("d");
    assert_eq!(client.challenge("e", &["Basic realm=r"]), Deliver);
}

#[test]
fn what_was_for_a_proxy_that_cannot_be_reached_is_the_next_ones() {
    let basic = &["Basic realm=r"];
    let mut client = Client(Authenticator::new(AuthTarget::Proxy));
    client.begin(Some(1));
    client.ask("a");
    client.0.not_reached(&origin("a"));
    client.ask("b");
    assert_eq!(client.challenge("b", basic), SendAgain);
    assert_eq!(client.ask("b").as_deref(), Some(BASIC_1));
    // That one has it from now on.
    client.0.not_reached(&origin("a"));
    client.ask("c");
    assert_eq!(client.challenge("c", basic), Deliver);
    // What answers a challenge is for who sent that.
    client.set(AuthScheme::Basic, 2);
    client.begin(None);
    assert_eq!(client.ask("c").as_deref(), Some(BASIC_2));
    client.0.not_reached(&origin("c"));
    assert_eq!(client.ask("d"), None);
    assert_eq!(client.challenge("d", basic), Deliver);
}
