//! The command line. Exit codes: 0 success, 1 failure, 2 usage error, 78 configuration.

fn main() -> std::process::ExitCode {
    harvester::commands::main()
}
