//! Scripts that answer, that do not, and that would rather break their engine.

use std::time::Duration;

use winhttp_proto::proxy::pac::Question;

use super::*;
use crate::pac::network::fake::Fake;
use crate::pac::{Cancel, Network};

/// Far more than any script here needs.
const PATIENCE: Duration = Duration::from_secs(60);

fn ask(source: &str, network: Fake, limit: Duration, cancel: &Cancel) -> Result<String> {
    let question = Question {
        url: "http://Host.example/path?q".into(),
        host: "Host.example".into(),
    };
    run(&Script {
        source: source.into(),
        question,
        network: Arc::new(network),
        deadline: clock::now() + limit,
        cancel: cancel.clone(),
    })
}

fn answer_of(source: &str) -> Result<String> {
    let network = Fake {
        own: ["2001:db8::1", "192.0.2.1"]
            .map(|text| text.parse().unwrap())
            .into(),
        ..Fake::default()
    };
    ask(source, network, PATIENCE, &Cancel::default())
}

/// What an expression is inside FindProxyForURL.
fn value_of(expression: &str) -> String {
    let source = format!("function FindProxyForURL(url, host) {{ return String({expression}) }}");
    answer_of(&source).unwrap_or_else(|failure| format!("{failure}"))
}

fn is_bad(source: &str) {
    let failed = answer_of(source).map_err(|failure| failure.error());
    assert_eq!(failed, Err(Error::BadAutoProxyScript), "{source:.80}");
}

#[test]
fn a_script_sees_url_and_host() {
    assert_eq!(
        value_of("url + '|' + host"),
        "http://Host.example/path?q|Host.example"
    );
    assert_eq!(value_of("this === undefined"), "false");
}

#[test]
fn fact_30_1_2_the_function_of_windows_is_preferred() {
    let both = "function FindProxyForURL() { return 'old' }
        function FindProxyForURLEx() { return 'new' }";
    assert_eq!(answer_of(both).unwrap(), "new");
    let no_function = "FindProxyForURLEx = 1; function FindProxyForURL() { return 'old' }";
    assert_eq!(answer_of(no_function).unwrap(), "old");
    let expression = "var FindProxyForURL = (url, host) => 'DIRECT'";
    assert_eq!(answer_of(expression).unwrap(), "DIRECT");
}

#[test]
fn fact_30_1_8_what_is_no_script_and_no_answer_is_bad() {
    for source in [
        "",
        "<html><body>Not found</body></html>",
        "function FindProxyForURL(",
        "function findProxyForURL() { return 'DIRECT' }",
        "throw new Error('x')",
        "throw 'x'",
        "throw Symbol('x')",
        "function FindProxyForURL() { throw new Error('x') }",
        "function FindProxyForURL() { return missing() }",
        "function FindProxyForURL() {}",
        "function FindProxyForURL() { return null }",
        "function FindProxyForURL() { return 7 }",
        "function FindProxyForURL() { return ['DIRECT'] }",
        "async function FindProxyForURL() { return 'DIRECT' }",
        "function* FindProxyForURL() { yield 'DIRECT' }",
        "import x from 'y'; function FindProxyForURL() { return 'DIRECT' }",
        "function FindProxyForURL() { return 'DIRECT' }\0",
        "class FindProxyForURL {}",
        "\u{fffd}\u{1}\u{2}",
    ] {
        is_bad(source);
    }
    let failure = answer_of("throw new Error('its words')").unwrap_err();
    assert!(failure.to_string().contains("its words"), "{failure}");
}

#[test]
fn fact_30_2_1_and_30_2_2_the_functions_answer() {
    for (expression, expected) in [
        ("isPlainHostName('www')", "true"),
        ("dnsDomainIs('www.example', '.example')", "true"),
        ("localHostOrDomainIs('www', 'www.example')", "true"),
        ("isResolvable('a.example')", "true"),
        ("isResolvable('a.test')", "false"),
        ("isInNet('a.example', '192.0.2.0', '255.255.255.0')", "true"),
        ("isInNet('a.test', '192.0.2.0', '255.255.255.0')", "false"),
        ("dnsResolve('a.example')", "192.0.2.7"),
        ("dnsResolve('a.test')", "null"),
        ("myIpAddress()", "192.0.2.1"),
        ("dnsDomainLevels('a.b.c')", "2"),
        ("shExpMatch(url, '*/path*')", "true"),
        ("convert_addr('1.2.3.4')", "16909060"),
        ("alert('x', {})", "undefined"),
        ("dnsResolveEx('a.example')", "2001:db8::7;192.0.2.7"),
        ("dnsResolveEx('a.test') === ''", "true"),
        ("isResolvableEx('a.example')", "true"),
        ("isResolvableEx('a.test')", "false"),
        ("myIpAddressEx()", "2001:db8::1;192.0.2.1"),
        ("isInNetEx('2001:db8::7', '2001:db8::/32')", "true"),
        ("sortIpAddressList('1.2.3.4;::1')", "::1;1.2.3.4"),
        ("getClientVersion()", "1.0"),
        ("timeRange(0, 23)", "true"),
        ("timeRange(0, 0, 0, 23, 59, 59, 'GMT')", "true"),
        ("weekdayRange('SUN', 'SAT')", "true"),
        ("weekdayRange('MON', 'SUN', 'GMT')", "true"),
        ("dateRange(2020, 2999)", "true"),
        ("dateRange('JAN', 'DEC')", "true"),
        ("dateRange({}, [])", "false"),
        // Arguments of any kind, and none.
        ("isPlainHostName()", "true"),
        ("shExpMatch(1, '1')", "true"),
        ("isInNet(null, undefined, {})", "false"),
        ("sortIpAddressList()", ""),
    ] {
        assert_eq!(value_of(expression), expected, "{expression}");
    }
    let alone = ask(
        "function FindProxyForURL() { return myIpAddress() + myIpAddressEx() }",
        Fake::default(),
        PATIENCE,
        &Cancel::default(),
    );
    assert_eq!(alone.unwrap(), "127.0.0.1");
}

#[test]
fn fact_30_2_4_nothing_reaches_out_of_a_script() {
    for name in [
        "setTimeout",
        "setInterval",
        "XMLHttpRequest",
        "ActiveXObject",
        "fetch",
        "require",
        "process",
        "std",
        "os",
        "print",
        "console",
        "WebSocket",
        "Worker",
        "load",
    ] {
        assert_eq!(value_of(&format!("typeof {name}")), "undefined", "{name}");
    }
    let imported = value_of("(import('fs').then(() => {}), 'gone on')");
    assert_eq!(imported, "gone on");
}

#[test]
fn fact_30_2_4_a_script_that_never_ends_is_ended() {
    for source in [
        "for (;;);",
        "function FindProxyForURL() { for (;;); }",
        "function FindProxyForURL() { for (;;) { try { for (;;); } catch (e) {} } }",
        "function FindProxyForURL() { try { for (;;); } finally { return 'DIRECT' } }",
        "function FindProxyForURL() { /(a*)*b/.test('a'.repeat(64)); return 'DIRECT' }",
        "function FindProxyForURL() { [1, 2, 3].sort(() => { for (;;); }) }",
    ] {
        let limit = Duration::from_millis(50);
        let ended = ask(source, Fake::default(), limit, &Cancel::default());
        let ended = ended.map_err(|failure| failure.error());
        assert_eq!(ended, Err(Error::AutoProxyServiceError), "{source}");
    }
}

#[test]
fn a_script_that_nobody_waits_for_is_ended() {
    let cancel = Cancel::default();
    let other = cancel.clone();
    std::thread::scope(|scope| {
        scope.spawn(move || other.cancel());
        let source = "function FindProxyForURL() { for (;;); }";
        let ended = ask(source, Fake::default(), PATIENCE, &cancel);
        assert_eq!(ended, Err(Error::OperationCancelled.into()));
    });
}

#[test]
fn fact_30_2_4_memory_and_stack_have_limits() {
    for source in [
        "var a = []; for (;;) a.push(new Array(1000).fill(1));",
        "var s = 'x'; for (;;) s += s;",
        "'x'.repeat(1 << 29) + 'y'",
        "function f() { return f() + 1 } f()",
        "var o = {}; for (var i = 0; ; i++) o['k' + i] = { i };",
        "var m = new Map(); for (var i = 0; ; i++) m.set({}, () => m);",
        "var b = []; for (;;) b.push(new Uint8Array(100000));",
        "var x = 2n; for (;;) x *= x;",
        "JSON.parse('['.repeat(1000000))",
        "var r = '('.repeat(100000); new RegExp(r + ')'.repeat(100000))",
        "eval('('.repeat(1000000))",
        "var a = []; a[0] = a; for (var i = 0; i < 1e6; i++) a = [a]; JSON.stringify(a)",
        "function f(n) { return function () { return [n, f(n + 1)] } } var l = f(0); for (;;) l = [l, l()];",
        "Array.from({ length: 1e9 })",
        "String.fromCharCode.apply(null, new Array(10000000))",
        "var p = new Proxy({}, { get(t, k, r) { return r[k] } }); p.x",
        "for (;;) Promise.resolve().then(() => { for (;;); })",
        "class A { constructor() { this.a = new A() } } new A()",
        "var a = 'ab'.repeat(1e6); a.split('').map(x => [x, x + x])",
    ] {
        is_bad(source);
    }
}

#[test]
fn a_script_that_catches_all_of_it_goes_on() {
    let source = "function FindProxyForURL() {
            try { var a = []; for (;;) a.push('x'.repeat(100000) + a.length) } catch (e) { a = null }
            try { (function f() { f() })() } catch (e) {}
            return 'DIRECT'
        }";
    assert_eq!(answer_of(source).unwrap(), "DIRECT");
}

#[test]
fn fact_30_2_3_names_are_looked_up_once_and_not_without_end() {
    let network = Arc::new(Fake::default());
    let source = "function FindProxyForURL() {
            var known = 0;
            for (var round = 0; round < 2; round++)
                for (var i = 0; i < 1000; i++) if (isResolvable('n' + i + '.example')) known++;
            return String(known)
        }";
    let question = Question {
        url: "http://h/".into(),
        host: "h".into(),
    };
    let shared: Arc<dyn Network> = Arc::<Fake>::clone(&network);
    let answer = run(&Script {
        source: source.into(),
        question,
        network: shared,
        deadline: clock::now() + PATIENCE,
        cancel: Cancel::default(),
    });
    let looked_up = network.asked.lock().unwrap().len();
    assert_eq!(answer.unwrap(), (2 * looked_up).to_string());
    assert_eq!(looked_up, 256);
}

#[test]
fn one_run_leaves_nothing_to_the_next() {
    let source = "function FindProxyForURL() {
            var seen = typeof left; left = 1; Array.prototype.left = 1; return seen
        }";
    assert_eq!(answer_of(source).unwrap(), "undefined");
    assert_eq!(answer_of(source).unwrap(), "undefined");
}
