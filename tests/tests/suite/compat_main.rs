//! Programs that begin in wmain or _tmain link and get their arguments in WCHAR; those that begin
//! in main stay as they are.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use winhttp_tests::program::ends;
use winhttp_tests::support::compiler::{Compilers, Dialect};
use winhttp_tests::support::programs::libraries;

const C: Dialect = Dialect::C("gnu11");
const CPP: Dialect = Dialect::Cpp("c++17");
const BOTH_WIDTHS: [&[&str]; 2] = [&[], &["-fshort-wchar"]];

/// Where compat_main.h is, which the programs share: it prints arguments as numbers.
const SOURCES: &str = concat!("-I", env!("CARGO_MANIFEST_DIR"), "/c/header");

/// Arguments as bytes, and what is printed of them in a width: characters, or units of UTF-16.
const ARGUMENTS: [&[u8]; 3] = ["é".as_bytes(), "😀".as_bytes(), b"a\xFF"];
const IN_32_BITS: &str = "4 e9, 1f600, 61 fffd";
const IN_16_BITS: &str = "4 e9, d83d de00, 61 fffd";

fn flags<'a>(extra: &[&'a str]) -> Vec<&'a str> {
    let include = concat!(
        "-I",
        env!("CARGO_MANIFEST_DIR"),
        "/../winhttp-shim/include/compat"
    );
    let strict = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-pthread"];
    [&[include, SOURCES], &strict[..], extra].concat()
}

/// Builds a program with a compiler, and gives what it prints.
fn run(compilers: &Compilers, source: &str, dialect: Dialect, extra: &[&str]) -> String {
    let libraries = libraries().display().to_string();
    let link = [
        format!("-L{libraries}"),
        format!("-Wl,-rpath,{libraries}"),
        "-lwinhttp".to_owned(),
    ];
    let link: Vec<&str> = link.iter().map(String::as_str).collect();
    let flags = [&flags(extra)[..], &link].concat();
    let source = format!("#include \"compat_main.h\"\n{source}\n");
    let program = compilers.build("main", &source, dialect, &flags).unwrap();
    let mut command = Command::new(program.path());
    command.args(ARGUMENTS.map(OsStr::from_bytes));
    let (status, printed, _) = ends(command.env("WANTED", "é"));
    assert!(status.success(), "{source}: {status:?}");
    printed
}

/// Runs a program in both widths, by all compilers that are there.
fn prints_its_arguments(source: &str, dialects: &[Dialect], extra: &[&str]) {
    for compilers in Compilers::present() {
        for dialect in dialects {
            for (width, expected) in BOTH_WIDTHS.into_iter().zip([IN_32_BITS, IN_16_BITS]) {
                let flags = [width, extra].concat();
                let printed = run(&compilers, source, *dialect, &flags);
                assert_eq!(
                    printed.trim_end(),
                    expected,
                    "{source}: {compilers:?} {dialect:?}"
                );
            }
        }
    }
}

#[test]
fn wmain_gets_its_arguments_as_wide_text() {
    for source in [
        "int wmain(int argc, wchar_t *argv[]) { return print(argc, argv); }",
        "int __cdecl wmain(int argc, wchar_t **argv, wchar_t **envp)\n\
         { return has_wanted(envp) ? print(argc, argv) : 1; }",
        "int wmain(_In_ int argc, _In_reads_(argc) wchar_t **argv) { return print(argc, argv); }",
        "int WINAPIV\nwmain(\n    int argc,\n    wchar_t *argv[])\n{\n    return print(argc, argv);\n}\n",
    ] {
        prints_its_arguments(source, &[C, CPP], &[]);
    }
}

#[test]
fn wmain_may_be_declared_before_and_called() {
    let source = "int wmain(int argc, wchar_t *argv[]);\n\
        static int again(int argc, wchar_t *argv[]) { return wmain(argc, argv); }\n\
        int wmain(int argc, wchar_t *argv[])\n\
        { return argc > 0 ? again(-argc, argv) : print(-argc, argv); }\n";
    prints_its_arguments(source, &[C, CPP], &[]);
    let source = "extern \"C\" int wmain(int argc, wchar_t *argv[]) { return print(argc, argv); }";
    prints_its_arguments(source, &[CPP], &[]);
}

#[test]
fn tmain_is_wmain_or_main_as_unicode_says() {
    let source = "int _tmain(int argc, _TCHAR *argv[]) { return print(argc, argv); }";
    prints_its_arguments(source, &[C, CPP], &["-DUNICODE"]);
    prints_its_arguments(source, &[C, CPP], &["-D_UNICODE", "-O2"]);
    for compilers in Compilers::present() {
        let printed = run(&compilers, source, C, &["-DNARROW"]);
        assert_eq!(printed, "4 c3 a9, f0 9f 98 80, 61 ff\n");
        for dialect in [C, CPP] {
            let flags = ["-DUNICODE", "-DWINHTTP_CHAR16"];
            let printed = run(&compilers, source, dialect, &flags);
            assert_eq!(printed.trim_end(), IN_16_BITS);
        }
    }
}

/// Its arguments are wchar_t, whatever WCHAR is.
#[test]
fn wmain_gets_the_compilers_wide_text_where_wchar_is_another() {
    let source = "int wmain(int argc, wchar_t *argv[]) { return print(argc, argv); }";
    for compilers in Compilers::present() {
        for dialect in [C, CPP] {
            for (width, expected) in BOTH_WIDTHS.into_iter().zip([IN_32_BITS, IN_16_BITS]) {
                let flags = [width, &["-DOF_THE_COMPILER", "-DWINHTTP_CHAR16"]].concat();
                let printed = run(&compilers, source, dialect, &flags);
                assert_eq!(printed.trim_end(), expected);
            }
        }
    }
}

#[test]
fn wmain_may_have_no_parameters() {
    for source in [
        "int wmain(void) { puts(\"none\"); return 0; }",
        "int _tmain(void) { puts(\"none\"); return 0; }",
    ] {
        for compilers in Compilers::present() {
            for dialect in [C, CPP] {
                assert_eq!(run(&compilers, source, dialect, &["-DUNICODE"]), "none\n");
            }
        }
    }
}

#[test]
fn wmain_survives_optimisation_of_the_whole_program() {
    let source = "int wmain(int argc, wchar_t *argv[]);\n\
        int wmain(int argc, wchar_t *argv[]) { return print(argc, argv); }\n";
    let compilers = Compilers::default();
    for dialect in [C, CPP] {
        let printed = run(&compilers, source, dialect, &["-O2", "-flto"]);
        assert_eq!(printed.trim_end(), IN_32_BITS, "{dialect:?}");
    }
}

#[test]
fn a_main_of_the_programs_own_stays_the_beginning() {
    let only = "int main(void) { puts(\"own\"); return 0; }";
    let both = "#define WINHTTP_COMPAT_KEEP_WMAIN\n#include <windows.h>\n#include <stdio.h>\n\
        int wmain(int argc, wchar_t *argv[]);\n\
        int wmain(int argc, wchar_t *argv[]) { (void)argv; puts(\"own\"); return argc; }\n\
        int main(void) { return wmain(0, NULL); }\n";
    let elsewhere = "#include <stdio.h>\n\
        int main(void) { puts(\"own\"); return 0; }\n";
    let wide = "int wmain(int argc, wchar_t *argv[]) { return print(argc, argv); }";
    for compilers in Compilers::present() {
        for dialect in [C, CPP] {
            assert_eq!(run(&compilers, only, dialect, &[]), "own\n");
            let flags = ["-DOWN_MAIN"];
            assert_eq!(run(&compilers, both, dialect, &flags), "own\n");
            let object = compilers
                .build("object", elsewhere, dialect, &["-c"])
                .unwrap();
            let object = object.path().to_str().unwrap();
            // The compiler takes what it does not know for an object file; the order must not
            // matter.
            assert_eq!(
                run(&compilers, wide, dialect, &["-x", "none", object]),
                "own\n"
            );
        }
    }
}
