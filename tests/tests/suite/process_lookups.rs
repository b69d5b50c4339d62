//! Verifies that a name which does not answer holds up neither other names nor those who ask for
//! it.

use winhttp_fixtures::{Server, by_path};
use winhttp_tests::support::programs::{build, run};

#[test]
fn a_good_name_answers_while_others_do_not() {
    let link = ["-rdynamic", "-lwinhttp", "-ldl"];
    let program = build("process_lookups.c", &[], &link);
    for mode in ["sync", "async"] {
        let server = Server::plain(by_path).unwrap();
        let printed = run(&program, &[&server.port().to_string(), mode]);
        assert_eq!(printed, "asked for all\n", "{mode}");
    }
}
