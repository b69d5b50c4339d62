//! Scripts that answer, that do not, and that would rather break their engine.

use std::time::Duration;

use winhttp_proto::proxy::pac::Question;

use super::*;
use crate::pac::network::fake::Fake;
use crate::pac::{Cancel, Network};

/// Far more than any script here needs.
const PATIENCE: Duration = Duration::from_secs(60);

fn ask(source: &str, network: Fake, limit: Duration, cancel: &Cancel) -> Result<String> {
    ask_of(source, Arc::new(network), limit, cancel)
}

fn ask_of(
    source: &str,
    network: Arc<dyn Network>,
    limit: Duration,
    cancel: &Cancel,
) -> Result<String> {
    let question = Question {
        url: "http://Host.example/path?q".into(),
        host: "Host.example".into(),
    };
    run(&Script {
        source: source.into(),
        question,
        network,
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

/// 600 of them would be gigabytes, of which the engine has one.
const LONG: &str = "a.repeat(14 << 20)";

#[test]
fn fact_30_2_4_what_is_copied_out_of_a_script_has_limits() {
    for (expression, expected) in [
        ("dnsDomainIs(a.repeat(1 << 17), a.repeat(1 << 17))", "true"),
        ("dnsDomainIs(a.repeat(1 << 17) + a, a)", "RangeError"),
        ("dnsDomainIs(a, a.repeat(1 << 17) + a)", "RangeError"),
        ("shExpMatch('ü'.repeat(1 << 16), '*')", "true"),
        ("shExpMatch('ü'.repeat(1 << 16) + a, '*')", "RangeError"),
        ("sortIpAddressList(LONG)", "RangeError"),
        ("isPlainHostName('\\u65e5'.repeat(10 << 20))", "RangeError"),
        ("isPlainHostName('\\ud800')", "RangeError"),
        (
            "dnsDomainIs.apply(null, Array(600).fill(LONG))",
            "RangeError",
        ),
        (
            "dnsDomainIs.apply(null, Array(600).fill({ toString: () => LONG }))",
            "RangeError",
        ),
        ("isInNet('a.example', LONG)", "RangeError"),
        ("weekdayRange.apply(null, Array(600).fill(LONG))", "false"),
        ("weekdayRange('SUN', 'SAT', LONG)", "false"),
        ("timeRange('0'.repeat(64), 23)", "true"),
        ("timeRange('0'.repeat(65), 23)", "false"),
        ("timeRange(0, 0, 0, 23, 59, 59, 0, 0, 'GMT')", "false"),
        ("alert(LONG, LONG)", "undefined"),
    ] {
        let expression = expression.replace("LONG", LONG);
        let value = format!(
            "(a => {{ try {{ return {expression} }} catch (e) {{ return e.name }} }})('a')"
        );
        assert_eq!(value_of(&value), expected, "{expression}");
    }
}

#[test]
fn arguments_that_a_function_does_not_know_are_not_looked_at() {
    let expression = "(() => {
            let looks = 0;
            const o = { toString() { looks++; return 'a.example' } };
            dnsDomainIs(o, o, o, o);
            isResolvable(o, o);
            dnsResolve(o, o);
            isInNet(o, o, o, o);
            timeRange(o, o);
            alert(o);
            myIpAddress(o);
            getClientVersion(o);
            return looks
        })()";
    assert_eq!(value_of(expression), "7");
}

#[test]
fn fact_30_2_4_names_that_cannot_exist_are_not_looked_up() {
    let network = Arc::new(Fake::default());
    let source = format!(
        "function FindProxyForURL() {{
            var a = 'a', long = {LONG}, wide = '\\u65e5'.repeat(4 << 20), known = [];
            for (var i = 0; i < 300; i++) if (isResolvable(long)) known.push(i);
            for (var i = 0; i < 3; i++) if (isResolvableEx(wide)) known.push(i);
            if (dnsResolve('\\ud800.example') || dnsResolve()) known.push('half');
            if (isInNet(a.repeat(247) + '.example', '0.0.0.0', '0.0.0.0')) known.push('longer');
            if (isResolvable(a.repeat(246) + '.example')) known.push('longest');
            return known.join()
        }}"
    );
    let shared: Arc<dyn Network> = Arc::<Fake>::clone(&network);
    assert_eq!(
        ask_of(&source, shared, PATIENCE, &Cancel::default()).unwrap(),
        "longest"
    );
    let asked = network.asked.lock().unwrap();
    let lengths: Vec<usize> = asked.iter().map(String::len).collect();
    assert_eq!(lengths, [254]);
}

#[test]
fn of_an_answer_only_its_beginning_is_looked_at() {
    for (expression, length) in [
        ("'PROXY a;'.repeat(3 << 20)", 64 * 1024),
        ("'PROXY a;'.repeat(1 << 13)", 64 * 1024),
        // In UTF-16 the end would be within one of them.
        ("'x' + '\u{1f600}'.repeat(1 << 16)", 1 + 4 * 32767),
        ("'\u{65e5}'.repeat(1 << 17)", 3 * 64 * 1024),
    ] {
        let source = format!(
            "String.prototype.slice = () => 'DIRECT';
            function FindProxyForURL() {{ return {expression} }}"
        );
        assert_eq!(answer_of(&source).unwrap().len(), length, "{expression}");
    }
    is_bad("function FindProxyForURL() { return 'PROXY a\\ud800' }");
}

#[test]
fn what_is_thrown_is_told_as_far_as_it_is_short() {
    for (thrown, told) in [
        ("'z'.repeat(1000)", 300),
        ("new Error('z'.repeat(1000))", 300),
        ("new Error('z'.repeat(14 << 20))", 0),
        ("'z'.repeat(14 << 20)", 0),
        (
            "Object.defineProperty(new Error(), 'message', { get() { throw 1 } })",
            0,
        ),
        (
            "Object.assign(new Error(), { message: { toString() { for (;;); } } })",
            0,
        ),
    ] {
        let failure = answer_of(&format!("throw {thrown}")).unwrap_err();
        assert_eq!(failure.error(), Error::BadAutoProxyScript, "{thrown}");
        let shown = failure.to_string().matches('z').count();
        assert_eq!(shown, told, "{failure}");
        assert!(failure.to_string().len() < 400, "{thrown}");
    }
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
    let shared: Arc<dyn Network> = Arc::<Fake>::clone(&network);
    let answer = ask_of(source, shared, PATIENCE, &Cancel::default());
    let looked_up = network.asked.lock().unwrap().len();
    assert_eq!(answer.unwrap(), (2 * looked_up).to_string());
    assert_eq!(looked_up, 256);
}

/// A script that took a shortage for an answer might send requests past their proxy.
#[test]
fn a_network_that_cannot_be_asked_ends_the_run() {
    let short = || Fake {
        failing: vec![
            ("short.example".into(), Error::NotEnoughMemory),
            ("broken.example".into(), Error::Internal),
            ("slow.example".into(), Error::Timeout),
        ],
        own_fails: Some(Error::NotEnoughMemory),
        ..Fake::default()
    };
    let asked = |expression: &str, rest: &str| {
        let source = format!(
            "function FindProxyForURL() {{
                try {{ return String({expression}) }} catch (e) {{ {rest} }}
            }}"
        );
        let answer = ask(&source, short(), PATIENCE, &Cancel::default());
        answer.map_err(|failure| failure.error())
    };
    for expression in [
        "isResolvable('short.example')",
        "isResolvableEx('short.example')",
        "dnsResolve('short.example')",
        "dnsResolveEx('short.example')",
        "isInNet('short.example', '192.0.2.0', '255.255.255.0')",
        "myIpAddress()",
        "myIpAddressEx()",
    ] {
        for rest in ["throw e", "return 'DIRECT'", "for (;;);", "throw 1"] {
            let ended = asked(expression, rest);
            assert_eq!(ended, Err(Error::NotEnoughMemory), "{expression} {rest}");
        }
    }
    let first = "[isResolvable('a.example'), isResolvable('broken.example'), myIpAddress()]";
    assert_eq!(asked(first, "return myIpAddress()"), Err(Error::Internal));
    let slow = "[dnsResolve('slow.example'), isResolvableEx('slow.example')]";
    assert_eq!(asked(slow, "throw e"), Ok(",false".to_owned()));
    let before = "throw new Error(myIpAddress())";
    let ended = ask(before, short(), PATIENCE, &Cancel::default());
    assert_eq!(ended, Err(Error::NotEnoughMemory.into()));
}

#[test]
fn one_run_leaves_nothing_to_the_next() {
    let source = "function FindProxyForURL() {
            var seen = typeof left; left = 1; Array.prototype.left = 1; return seen
        }";
    assert_eq!(answer_of(source).unwrap(), "undefined");
    assert_eq!(answer_of(source).unwrap(), "undefined");
}
