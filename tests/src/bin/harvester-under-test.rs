//! The product's own command line, built beside the tests so that they can run it.

fn main() -> std::process::ExitCode {
    harvester::commands::main()
}
