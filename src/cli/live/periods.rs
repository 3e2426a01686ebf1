//! Report sets of periods that are over.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{Builder, JoinHandle};

use super::confine::Confinement;
use super::{LiveCommand, priority};
use crate::audit::{Period, Plan, Read, attribute_points};
use crate::cli::args::Common;
use crate::cli::audit::{Destination, report_period};
use crate::cli::exit::Exit;
use crate::cli::folders::{Folders, first_of};
use crate::cli::output;
use crate::live::numbered_path;
use crate::model::TwoPoint;
use crate::observe::{Observation, Seed};
use crate::source::{Input, InputPath, InputRecord, digest_of};
use crate::wording::Language;

/// What the names of files end with that are removed once the evidence is copied from them.
pub(super) const PASSING: &str = ".packets";

/// What became of the periods before the last one. Their reports are made on a thread of its own, since judging and
/// capturing go on meanwhile.
pub(super) struct Periods {
    reporter: Arc<Reporter>,
    periods: Option<SyncSender<Period>>,
    thread: Option<JoinHandle<()>>,
}

/// What a report set is made from, and where it goes.
struct Reporter {
    plan: Arc<Plan>,
    seeds: Arc<Vec<Seed>>,
    out: Option<PathBuf>,
    evidence: Option<PathBuf>,
    /// Whether they are kept for the evidence only.
    for_evidence: bool,
    /// Whether each file of the record has its digest.
    digests: bool,
    /// Whether periods were asked for.
    every: bool,
    /// What may be written at all.
    confined: Confinement,
    /// Whether a screen is shown, which complaints would tear.
    screen: bool,
    /// In which language people read its reports.
    language: Language,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    worst: Option<Exit>,
    /// Periods that are over.
    over: u32,
    /// Kept files of all periods so far, by ordinal.
    captures: Vec<Input>,
    /// Those of them that are removed once nothing names their frames any more.
    passing: BTreeMap<u32, PathBuf>,
    folders: Folders,
    /// What is to be told when the screen is gone.
    complaints: Vec<String>,
}

impl Periods {
    /// Starts the thread that reports.
    pub(super) fn start(
        command: &LiveCommand,
        common: &Common,
        plan: Arc<Plan>,
        seeds: Arc<Vec<Seed>>,
        confined: Confinement,
        screen: bool,
    ) -> io::Result<Self> {
        let for_record = common.format.is_for_record();
        let reporter = Arc::new(Reporter {
            plan,
            seeds,
            out: command.out.clone(),
            evidence: command.write_evidence.clone(),
            for_evidence: command.write.is_none() && command.write_evidence.is_some(),
            digests: command.out.is_some() || for_record,
            every: command.every.is_some(),
            confined,
            screen,
            language: command.said_in.language(),
            state: Mutex::default(),
        });
        // One waits while another is reported; the capture waits only for a third.
        let (periods, received) = sync_channel::<Period>(1);
        let working = Arc::clone(&reporter);
        let thread = Builder::new().name("report".to_owned()).spawn(move || {
            priority::give_way();
            for period in received {
                working.report(period);
            }
        })?;
        Ok(Self {
            reporter,
            periods: Some(periods),
            thread: Some(thread),
        })
    }

    /// What takes periods that are over.
    pub(super) fn taker(&self) -> impl FnMut(Period) + Send + 'static {
        let periods = self.periods.clone();
        move |period| {
            if let Some(periods) = &periods {
                // The other side hangs up only where it failed, which is told at the end.
                let _ = periods.send(period);
            }
        }
    }

    /// Waits for the reports of all periods but the last, and makes ready for that one.
    ///
    /// # Errors
    /// Where the reporting failed.
    pub(super) fn finish(mut self) -> anyhow::Result<LastPeriod> {
        self.periods = None;
        if self
            .thread
            .take()
            .is_some_and(|thread| thread.join().is_err())
        {
            anyhow::bail!("reporting a period failed");
        }
        for words in std::mem::take(&mut self.reporter.state().complaints) {
            output::complain(&words);
        }
        Ok(LastPeriod {
            reporter: self.reporter,
        })
    }
}

/// The last period's place among the others.
pub(super) struct LastPeriod {
    reporter: Arc<Reporter>,
}

impl LastPeriod {
    /// What was seen, under the names that it had.
    pub(super) fn named(&self, seen: TwoPoint<Observation>, inputs: Vec<InputRecord>) -> Read {
        Read {
            captures: attribute_points(seen, &self.reporter.seeds),
            inputs,
        }
    }

    /// Puts to kept files what `audit` would tell of them.
    pub(super) fn describe(&self, inputs: &mut [InputRecord]) {
        self.reporter.describe(inputs);
    }

    /// Files to copy packets from, by ordinal, with those of this period.
    pub(super) fn captures(&self, inputs: &[InputRecord]) -> Vec<Input> {
        self.reporter.keep_in_mind(inputs)
    }

    /// Where its report set goes: beside those of the others, where there are any.
    pub(super) fn folder(&self, inputs: &[InputRecord]) -> Option<PathBuf> {
        let is_one_of_many = self.reporter.every || self.reporter.state().over > 0;
        let out = self.reporter.out.as_ref()?;
        Some(match is_one_of_many {
            true => self.reporter.folder(out, inputs),
            false => out.clone(),
        })
    }

    /// Where the packets of its findings go.
    pub(super) fn evidence(&self) -> Option<PathBuf> {
        let number = self.reporter.state().over + 1;
        self.reporter.evidence_path(number)
    }

    /// Removes the packets that were kept only until the evidence was copied.
    pub(super) fn clear(&self) -> anyhow::Result<()> {
        self.reporter.let_go(&BTreeSet::new());
        match self.reporter.state().complaints.pop() {
            None => Ok(()),
            Some(words) => Err(anyhow::anyhow!(words)),
        }
    }

    /// The worst exit status that an earlier period called for.
    pub(super) fn worst(&self) -> Exit {
        self.reporter.state().worst.unwrap_or(Exit::Clean)
    }
}

impl Reporter {
    /// Writes the report set of a period. A failure is told and makes the exit status 2; the capture goes on.
    fn report(&self, mut period: Period) {
        let captures = self.keep_in_mind(&period.inputs);
        self.describe(&mut period.inputs);
        let still_named = std::mem::take(&mut period.still_named);
        let number = {
            let mut state = self.state();
            state.over += 1;
            state.over
        };
        let folder = self
            .out
            .as_ref()
            .map(|out| self.folder(out, &period.inputs));
        if period.early {
            self.tell_of_part(folder.as_deref());
        }
        let evidence = self.evidence_path(number);
        let to = Destination {
            folder: folder.as_deref(),
            evidence: evidence.as_deref(),
            paged: false,
            language: self.language,
        };
        let with = (self.plan.as_ref(), self.seeds.as_slice());
        let exit = report_period(period, with, &captures, to, |_| Ok(()));
        let exit = exit.unwrap_or_else(|error| {
            self.complain(output::told(&self.confined.explain(error)));
            Exit::NotAudited
        });
        self.let_go(&still_named);
        let mut state = self.state();
        state.worst = Some(state.worst.map_or(exit, |worst| worst.and(exit)));
    }

    /// Nobody asked for a period here: that the reports are several has to be said.
    fn tell_of_part(&self, folder: Option<&Path>) {
        let where_to = folder.map_or_else(
            || {
                "its report goes nowhere without --out, and its findings count in the exit status only"
                    .to_owned()
            },
            |folder| format!("its report is in {}", folder.display()),
        );
        self.complain(format!(
            "a part of the capture ended, since it had more flows or DNS messages than --max-flows allows: {where_to}"
        ));
    }

    /// Adds the inputs of a period to those before, of which files are what packets can be copied from; all of them, by ordinal.
    fn keep_in_mind(&self, inputs: &[InputRecord]) -> Vec<Input> {
        let mut state = self.state();
        for record in inputs {
            // Where keeping failed, an input is an interface, whose name may be that of somebody's file.
            if let (true, InputPath::File(path)) = (self.for_evidence, &record.input.path) {
                let ordinal = u32::try_from(state.captures.len()).unwrap_or(u32::MAX);
                state.passing.insert(ordinal, path.clone());
            }
            state.captures.push(Input {
                first_time: first_of(record),
                ..record.input.clone()
            });
        }
        state.captures.clone()
    }

    /// Removes the packets that were kept for the evidence only, but for those that later periods may still name.
    fn let_go(&self, still_named: &BTreeSet<u32>) {
        let mut state = self.state();
        let passing = std::mem::take(&mut state.passing);
        let (named, over): (BTreeMap<_, _>, BTreeMap<_, _>) = passing
            .into_iter()
            .partition(|(ordinal, _)| still_named.contains(ordinal));
        state.passing = named;
        drop(state);
        for path in over.into_values() {
            if let Err(error) = std::fs::remove_file(&path) {
                self.complain(format!("{}: cannot be removed: {error}", path.display()));
            }
        }
    }

    /// Puts to kept files what `audit` would tell of them.
    fn describe(&self, inputs: &mut [InputRecord]) {
        for record in inputs {
            let InputPath::File(path) = &record.input.path else {
                continue;
            };
            let metadata = std::fs::metadata(path).ok();
            record.input.stored_bytes = metadata.map(|metadata| metadata.len());
            if self.digests {
                record.sha256 = digest_of(path).ok();
            }
        }
    }

    fn folder(&self, out: &Path, inputs: &[InputRecord]) -> PathBuf {
        let first = inputs.iter().filter_map(first_of).min();
        self.state().folders.next(out, first)
    }

    /// The evidence of a period, numbered as kept files are.
    fn evidence_path(&self, number: u32) -> Option<PathBuf> {
        let path = self.evidence.as_ref()?;
        Some(match self.every || number > 1 {
            true => numbered_path(path, number),
            false => path.clone(),
        })
    }

    fn complain(&self, words: String) {
        if self.screen {
            self.state().complaints.push(words);
        } else {
            output::complain(&words);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
