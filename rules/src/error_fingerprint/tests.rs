use proptest::prelude::*;

use super::*;

fn normalized(text: &str) -> Vec<String> {
    normalized_errors(text).iter().map(|error| error.as_str().to_owned()).collect()
}

/// Different machines, one error.
#[track_caller]
fn check_same(reports: &[&str], expected: &str) {
    for report in reports {
        assert_eq!(normalized(report), [expected], "{report}");
    }
}

#[test]
fn what_differs_between_machines_is_left_out() {
    check_same(
        &[
            "Error: Cannot find module '/home/ann/bot/dist/index.js'",
            "error: cannot find module \"C:\\Users\\Bo B\\bot\\dist\\index.js\"",
            "Uncaught Error: Cannot find module ‘./dist/index.js’",
            "[2025-03-01 10:00:01] ERROR Cannot find module `/srv/x/dist/index.js`",
        ],
        "cannot find module '<path>'",
    );
    check_same(
        &[
            "connect ECONNREFUSED 127.0.0.1:5432",
            "Error: connect ECONNREFUSED 10.1.2.3:5433",
            "2026-01-02T03:04:05.678Z error: connect ECONNREFUSED localhost:5432",
        ],
        "connect econnrefused <address>",
    );
    check_same(
        &[
            "request 3fa85f64-5717-4562-b3fc-2c963f66afa6 timed out after 1500ms",
            "request 11111111-2222-3333-4444-555555555555 timed out after 30000ms",
        ],
        "request <id> timed out after <n>ms",
    );
    check_same(
        &[
            "segfault at 0x7ffd2c3a10 in worker 12, commit 9fceb02d0ae598e9",
            "segfault at 0xdeadbeef in worker 3, commit 1b2c3d4e5f60718293",
        ],
        "segfault at <hex> in worker <n>, commit <hex>",
    );
    check_same(
        &[
            "package requires node v18.17.0 but found 16.20.2",
            "package requires node v20 but found 18.0.0-rc.1",
        ],
        "package requires node <version> but found <version>",
    );
}

#[test]
fn what_names_an_error_stays() {
    for (one, other) in [
        ("request failed with status code 404", "request failed with status code 500"),
        ("error[E0382]: borrow of moved value", "error[E0499]: borrow of moved value"),
        ("Cannot find module 'express'", "Cannot find module 'lodash'"),
        ("process exited with code 137", "process exited with code 1"),
    ] {
        assert_ne!(normalized(one), normalized(other));
    }
}

#[test]
fn a_stack_trace_is_its_message() {
    let node = "TypeError: Cannot read properties of undefined (reading 'map')\n    \
                at render (/home/ann/app/src/list.tsx:12:9)\n    at async main (index.js:4:1)\n";
    let other = "Uncaught TypeError: Cannot read properties of undefined (reading \"map\")\n    \
                 at Object.<anonymous> (C:\\app\\list.js:1:200)";
    assert_eq!(
        normalized(node),
        ["typeerror: cannot read properties of undefined (reading 'map')"]
    );
    assert_eq!(normalized(node), normalized(other));
    let python = "Traceback (most recent call last):\n  File \"/srv/app.py\", line 3, in <module>\n    \
                  import missing_thing\nModuleNotFoundError: No module named 'missing_thing'";
    assert_eq!(normalized(python), ["modulenotfounderror: no module named 'missing_thing'"]);
    let rust = "thread 'main' panicked at src/main.rs:4:5:\nthe store is locked by another process\n\
                note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace";
    assert_eq!(normalized(rust), ["the store is locked by another process"]);
}

#[test]
fn an_error_is_found_in_a_question() {
    let asked = "Hi, since the update my bot is down, any ideas?\n```\nError: Cannot open database \
                 /var/lib/bot/db.sqlite\n```\nand before that `permission denied for table users`.";
    assert_eq!(
        normalized(asked),
        [
            "cannot open database <path>",
            "permission denied for table users",
            "and before that 'permission denied for table users'"
        ]
    );
}

#[test]
fn what_is_too_general_names_no_error() {
    for text in ["", "Error", "error: 42", "failed!", "npm ERR! code 1", "/a/b.c:3:4", "오류"] {
        assert_eq!(normalized(text), Vec::<String>::new(), "{text}");
    }
}

/// These stand in links that programs print. A change here breaks them for ever.
#[test]
fn fingerprints_never_change() {
    for (text, expected) in [
        ("Cannot find module 'express'", "1-d89e0cb00d2eb083"),
        ("connect ECONNREFUSED 127.0.0.1:5432", "1-3b2256485f15d3d0"),
        ("request failed with status code 404", "1-17a6c6b9f8ba71e5"),
        ("지갑 연결에 실패했습니다: 시간 초과", "1-4db094d8047fa089"),
    ] {
        let errors = normalized_errors(text);
        assert_eq!(errors[0].fingerprint().as_str(), expected, "{text}");
    }
}

#[test]
fn a_fingerprint_is_read_back_and_nothing_else_is() {
    let fingerprint = normalized_errors("Cannot find module 'express'")[0].fingerprint();
    assert_eq!(fingerprint.as_str().parse(), Ok(fingerprint.clone()));
    for wrong in
        ["", "1-", "1-xyz", "0-0123456789abcdef", "1-0123456789ABCDEF", "12345678-0123456789abcdef"]
    {
        assert!(wrong.parse::<ErrorFingerprint>().is_err(), "{wrong}");
    }
}

proptest! {
    #[test]
    fn normal_forms_are_stable(text in "\\PC{0,120}|([a-zA-Z]{2,9}[ :'/.0-9-]{1,3}){1,12}") {
        for error in normalized_errors(&text) {
            let again = normalized_errors(error.as_str());
            prop_assert!(again.iter().all(|one| one.as_str().len() <= error.as_str().len() + 40));
            prop_assert!(!error.as_str().contains('\n'));
        }
    }

    #[test]
    fn where_a_file_lies_does_not_show(folder in "(/[a-z]{1,8}){1,4}", line in 1_u32..9_999) {
        let text = format!("Error: Cannot parse settings in {folder}/app.toml:{line}");
        prop_assert_eq!(normalized(&text), ["cannot parse settings in <path>"]);
    }
}
