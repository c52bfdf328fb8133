//! The command line. Exit codes: 0 done, 1 failed, 2 wrong use.

fn main() -> std::process::ExitCode {
    harvester::commands::main()
}
