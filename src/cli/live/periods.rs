//! Report sets of periods that are over.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::LiveCommand;
use crate::cli::audit::{Sighted, with_report};
use crate::cli::exit::Exit;
use crate::cli::output;
use crate::cli::plan::Plan;
use crate::live::Period;
use crate::observe::{Observation, Seed};
use crate::report::{InputSummary, write_directory};
use crate::source::{Input, InputPath};

/// What became of the periods before the last one.
pub(super) struct Periods {
    plan: Arc<Plan>,
    seeds: Arc<Vec<Seed>>,
    out: Option<PathBuf>,
    kept: bool,
    state: Mutex<State>,
}

struct State {
    worst: Exit,
    /// Kept files of all periods so far, by ordinal.
    captures: Vec<Input>,
}

impl Periods {
    pub(super) fn new(command: &LiveCommand, plan: Arc<Plan>, seeds: Arc<Vec<Seed>>) -> Self {
        Self {
            plan,
            seeds,
            out: command.out.clone(),
            kept: command.write.is_some(),
            state: Mutex::new(State {
                worst: Exit::Clean,
                captures: Vec::new(),
            }),
        }
    }

    /// Writes the report set of a period. A failure is told and makes the exit status 2; the capture goes on.
    pub(super) fn report(&self, period: Period) {
        let Period {
            observation,
            inputs,
        } = period;
        if self.kept {
            self.state()
                .captures
                .extend(inputs.iter().map(|input| Input {
                    path: InputPath::File(PathBuf::from(&input.path)),
                    first_time: input.first,
                    stored_bytes: None,
                }));
        }
        let sighted = self.sighted(observation);
        let written = with_report(&sighted, &inputs, &self.plan, |report| {
            if let Some(out) = &self.out {
                write_directory(report, &self.folder(out, &inputs))?;
            }
            Ok::<_, crate::report::ReportError>(report.exit())
        });
        let exit = match written {
            Ok(0) => Exit::Clean,
            Ok(1) => Exit::Findings,
            Ok(_) => Exit::NotAudited,
            Err(error) => {
                output::complain(&error.to_string());
                Exit::NotAudited
            }
        };
        let mut state = self.state();
        state.worst = state.worst.and(exit);
    }

    /// What was seen, under the names that it had.
    pub(super) fn sighted(&self, observation: Observation) -> Sighted {
        Sighted::of(observation, None, &self.seeds)
    }

    /// The folder of a period, named by the time of its first packet.
    pub(super) fn folder(&self, out: &Path, inputs: &[InputSummary]) -> PathBuf {
        let first = inputs.iter().filter_map(|input| input.first).min();
        let name = first.map_or_else(
            || "no-packets".to_owned(),
            |first| {
                let text = first.to_string();
                format!("{}Z", text.get(..19).unwrap_or(&text).replace(':', "-"))
            },
        );
        out.join(name)
    }

    /// The worst exit status that a period called for.
    pub(super) fn worst(&self) -> Exit {
        self.state().worst
    }

    /// Kept files of the periods that are over, by ordinal.
    pub(super) fn captures(&self) -> Vec<Input> {
        self.state().captures.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
