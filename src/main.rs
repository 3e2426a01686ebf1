//! pktaudit: parse, run, exit status.

use pktaudit::cli;

fn main() -> cli::Exit {
    cli::run()
}
