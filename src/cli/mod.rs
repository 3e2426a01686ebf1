//! The command line: thin wiring of the rooms.

mod args;
mod audit;
mod audit_periods;
mod clock;
mod compare;
mod diff;
mod exit;
mod export;
mod extract;
mod flows;
mod folders;
mod import;
mod input;
#[cfg(feature = "live")]
mod interfaces;
mod learn;
mod lint;
#[cfg(feature = "live")]
mod live;
mod manual;
mod output;
mod outputs;
mod pager;
mod partials;
mod plan;
mod points;
mod rules;
mod seeds;
mod site;
mod stages;
mod times;

use std::error::Error as _;

use clap::Parser;

pub use args::Arguments;
pub use exit::Exit;

use args::Command;

#[cfg(not(feature = "live"))]
const WITHOUT_LIVE: &str = "this pktaudit was built without live capture; build it with --features live, which needs libpcap";

/// Makes the threads that commands work with, each of which calls `prepare` first. Whoever made some before in this process
/// has them taken.
///
/// # Errors
/// Where the system gives none.
fn start_threads(common: &args::Common, prepare: fn()) -> anyhow::Result<()> {
    let threads = input::threads(common);
    let made = rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .start_handler(move |_| prepare())
        .build_global();
    match made {
        Err(error) if error.source().is_some() => Err(no_threads(error, threads)),
        _ => Ok(()),
    }
}

/// Works with threads that have ended when it returns.
///
/// # Errors
/// Where the system gives none.
#[cfg(feature = "live")]
fn with_passing_threads<T: Send>(
    common: &args::Common,
    work: impl FnOnce() -> T + Send,
) -> anyhow::Result<T> {
    let threads = input::threads(common);
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_scoped(rayon::ThreadBuilder::run, |pool| pool.install(work))
        .map_err(|error| no_threads(error, threads))
}

fn no_threads(error: rayon::ThreadPoolBuildError, threads: usize) -> anyhow::Error {
    anyhow::Error::new(error).context(format!(
        "{threads} threads cannot be started; --threads 1 takes the fewest"
    ))
}

/// Runs the command line of this process and gives its exit status.
#[must_use]
pub fn run() -> Exit {
    let mut arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() {
                Exit::NotAudited
            } else {
                Exit::Clean
            };
        }
    };
    // A thread keeps the rights that it was started with: `live` starts its own once it has given them up.
    if !matches!(arguments.command, Command::Live(_))
        && let Err(error) = start_threads(&arguments.common, || {})
    {
        return output::failure(&error);
    }
    arguments.common.settle_format();
    if let Some(choices) = arguments.command.audited_choices() {
        site::find(choices, &arguments.common);
    }
    let result = match &arguments.command {
        command
            if arguments.common.format == args::Format::Markdown && !command.takes_markdown() =>
        {
            Err(anyhow::anyhow!(output::ONLY_DIFF))
        }
        Command::Audit(command) if command.is_in_periods() => {
            audit_periods::run(command, &arguments.common)
        }
        Command::Audit(command) => audit::run(command, &arguments.common),
        #[cfg(feature = "live")]
        Command::Live(command) => live::run(command, &arguments.common),
        #[cfg(not(feature = "live"))]
        Command::Live(_) => Err(anyhow::anyhow!(WITHOUT_LIVE)),
        Command::Compare(command) => compare::run(command, &arguments.common),
        Command::Extract(command) => extract::run(command, &arguments.common),
        Command::Flows(command) => flows::run(command, &arguments.common),
        Command::Rules(command) => rules::run(command, &arguments.common),
        Command::Site(command) => site::run(command, &arguments.common),
        #[cfg(feature = "live")]
        Command::Interfaces => interfaces::run(&arguments.common),
        #[cfg(not(feature = "live"))]
        Command::Interfaces => Err(anyhow::anyhow!(WITHOUT_LIVE)),
        Command::Explain(command) => rules::explain_code(command),
        Command::Man(command) => manual::man(command, &arguments.common),
        Command::Completions(command) => manual::completions(command),
        Command::Observe(command) => partials::observe(command, &arguments.common),
        Command::Merge(command) => partials::merge(command),
        Command::Judge(command) => partials::judge(command, &arguments.common),
    };
    match result {
        Ok(exit) => exit,
        Err(error) => output::failure(&error),
    }
}
