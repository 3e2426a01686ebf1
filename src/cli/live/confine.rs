//! What a process that reads what strangers wrote may still do: Landlock takes from it what it needs no more.
//!
//! A thread is confined as the one that started it, and none that runs already ever is (before Linux 7.0). So both steps are
//! taken while there is one thread, and whoever needs more between them lets them end.

use std::path::Path;

use super::output;
use crate::cli::args::Common;

/// How far the kernel goes along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Confinement {
    /// Nothing is left that was to be taken.
    Whole,
    /// Something is, and why.
    Part(String),
    /// All is, and why.
    Lacking(String),
}

impl Confinement {
    /// Takes the right to write but beneath these places, to run programs, to connect and to listen.
    pub(super) fn of_writing<'p>(places: impl Iterator<Item = &'p Path>) -> Self {
        system::alone(|| system::writing(places))
    }

    /// Takes the right to read but beneath these places and what tells of the system besides.
    pub(super) fn and_reading<'p>(self, places: impl Iterator<Item = &'p Path>) -> Self {
        match (self, system::alone(|| system::reading(places))) {
            // What was said of writing is what there is to say.
            (first, Self::Whole | Self::Part(_)) | (first @ Self::Lacking(_), _) => first,
            (_, Self::Lacking(why)) => Self::Part(format!("any file can be read ({why})")),
        }
    }

    /// Says what is lacking, once.
    pub(super) fn tell(&self, common: &Common) {
        match self {
            Self::Whole => {}
            Self::Part(why) => output::note(common, &format!("confined in part only: {why}")),
            Self::Lacking(why) => output::note(common, &format!("not confined: {why}")),
        }
    }

    /// What to say where something could not be written.
    pub(super) fn explain(&self, error: anyhow::Error) -> anyhow::Error {
        let is_refused = |cause: &(dyn std::error::Error + 'static)| {
            let error = cause.downcast_ref::<std::io::Error>();
            error.is_some_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied)
        };
        if matches!(self, Self::Lacking(_)) || !error.chain().any(is_refused) {
            return error;
        }
        let told = output::told(&error);
        error.context(format!(
            "{told}; pktaudit may write beneath the folders that it was started with and that were there then, and nowhere \
             else"
        ))
    }
}

#[cfg(not(target_os = "linux"))]
use elsewhere as system;
#[cfg(target_os = "linux")]
use linux as system;

#[cfg(not(target_os = "linux"))]
mod elsewhere {
    use std::path::Path;

    use super::Confinement;

    const WHY: &str = "this system has no Landlock";

    pub(super) fn alone(step: impl FnOnce() -> Confinement) -> Confinement {
        step()
    }

    pub(super) fn writing<'p>(_: impl Iterator<Item = &'p Path>) -> Confinement {
        Confinement::Lacking(WHY.to_owned())
    }

    pub(super) fn reading<'p>(_: impl Iterator<Item = &'p Path>) -> Confinement {
        Confinement::Lacking(WHY.to_owned())
    }
}

#[cfg(target_os = "linux")]
mod linux {
    use std::fs;
    use std::path::Path;
    use std::time::{Duration, Instant};

    use landlock::{
        ABI, Access, AccessFs, AccessNet, BitFlags, LandlockStatus, RestrictionStatus, Ruleset,
        RulesetAttr, RulesetCreated, RulesetCreatedAttr, RulesetError, RulesetStatus, Scope,
        make_bitflags, path_beneath_rules,
    };

    use super::Confinement;

    /// The version that all which is told of came with: files in Linux 5.13, truncating in 6.2, TCP in 6.7.
    const WHOLE: ABI = ABI::V4;
    /// What reports and kept packets take. Nothing goes from one folder to another, and no folder goes.
    const WRITING: BitFlags<AccessFs> =
        make_bitflags!(AccessFs::{WriteFile | Truncate | MakeReg | MakeDir | RemoveFile});
    const READING: BitFlags<AccessFs> = make_bitflags!(AccessFs::{ReadFile | ReadDir});
    /// What libpcap counts losses from, and what the standard library tells processors and open files by.
    const OF_SYSTEM: [&str; 2] = ["/proc", "/sys"];
    /// Threads that have done their work may be seen for a moment.
    const PATIENCE: Duration = Duration::from_secs(1);
    const PAUSE: Duration = Duration::from_millis(1);

    /// Takes a step, unless there are threads that it would pass over.
    pub(super) fn alone(step: impl FnOnce() -> Confinement) -> Confinement {
        let until = Instant::now() + PATIENCE;
        // Where nobody can tell there are none.
        while fs::read_dir("/proc/self/task").is_ok_and(|threads| threads.count() > 1) {
            if Instant::now() >= until {
                return Confinement::Lacking("another thread runs already".to_owned());
            }
            std::thread::sleep(PAUSE);
        }
        step()
    }

    /// Confines this thread and those that it starts.
    pub(super) fn writing<'p>(places: impl Iterator<Item = &'p Path>) -> Confinement {
        let writing = || {
            let mut rules = Ruleset::default()
                .handle_access(AccessFs::from_all(WHOLE) & !READING)?
                .handle_access(AccessNet::from_all(WHOLE))?
                .create()?;
            allow(&mut rules, places, WRITING);
            rules.restrict_self()
        };
        told(writing())
    }

    /// The same of reading. Sockets without a file go along where the kernel knows of them, and are not told of.
    pub(super) fn reading<'p>(places: impl Iterator<Item = &'p Path>) -> Confinement {
        let reading = || {
            let mut rules = Ruleset::default()
                .handle_access(READING)?
                .scope(Scope::AbstractUnixSocket)?
                .create()?;
            allow(&mut rules, places, READING);
            allow(&mut rules, OF_SYSTEM.iter().map(Path::new), READING);
            rules.restrict_self()
        };
        told(reading())
    }

    /// What lies beneath these. A place that the kernel does not take, such as a pipe without a name, is not confined anyway;
    /// of any other it is told by who tries to write there.
    fn allow<'p>(
        rules: &mut RulesetCreated,
        places: impl Iterator<Item = &'p Path>,
        access: BitFlags<AccessFs>,
    ) {
        for rule in path_beneath_rules(places, access) {
            let _ = rule.and_then(|rule| (&mut *rules).add_rule(rule).map(drop));
        }
    }

    fn told(restricted: Result<RestrictionStatus, RulesetError>) -> Confinement {
        let status = match restricted {
            Ok(status) => status,
            Err(error) => return Confinement::Lacking(error.to_string()),
        };
        match (status.ruleset, status.landlock) {
            (RulesetStatus::FullyEnforced, _) => Confinement::Whole,
            (_, LandlockStatus::Available { effective_abi, .. }) => Confinement::Part(format!(
                "this kernel has version {effective_abi} of Landlock, and all of it takes version {WHOLE}"
            )),
            (_, LandlockStatus::NotEnabled) => {
                Confinement::Lacking("this kernel's Landlock is not enabled".to_owned())
            }
            (_, LandlockStatus::NotImplemented) => {
                Confinement::Lacking("this kernel has no Landlock".to_owned())
            }
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::fs;
    use std::io::ErrorKind;
    use std::net::{TcpListener, TcpStream};
    use std::process::Command;

    use super::*;

    fn refused<T: std::fmt::Debug>(tried: std::io::Result<T>) -> bool {
        tried.is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
    }

    /// Confines the thread that calls it, which is not alone in a test.
    fn confine(place: &Path) -> [Confinement; 2] {
        let places = || [place].into_iter();
        [linux::writing(places()), linux::reading(places())]
    }

    #[test]
    fn a_confined_thread_and_what_it_starts_write_read_and_run_nothing_elsewhere() {
        let (inside, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let secret = outside.path().join("secret");
        fs::write(&secret, "kept").unwrap();
        std::os::unix::fs::symlink(&secret, inside.path().join("link")).unwrap();
        let (within, without) = (inside.path(), outside.path());
        let try_all = || {
            fs::write(within.join("new"), "new").unwrap();
            fs::create_dir_all(within.join("folder")).unwrap();
            fs::rename(within.join("new"), within.join("named")).unwrap();
            assert_eq!(fs::read_to_string(within.join("named")).unwrap(), "new");
            assert!(fs::read_to_string("/proc/self/status").is_ok());
            fs::remove_file(within.join("named")).unwrap();
            assert!(refused(fs::write(without.join("new"), "new")));
            assert!(refused(fs::write(within.join("link"), "new")));
            assert!(refused(fs::OpenOptions::new().append(true).open(&secret)));
            assert!(refused(fs::remove_file(&secret)));
            assert!(refused(fs::rename(&secret, without.join("renamed"))));
            assert!(refused(fs::create_dir(without.join("folder"))));
            assert!(refused(fs::read(&secret)) && refused(fs::read_dir(without)));
            assert!(refused(Command::new("/bin/sh").arg("-c").arg("").status()));
        };
        let told = std::thread::scope(|scope| {
            let confined = scope.spawn(|| {
                let told = confine(within);
                if let [Confinement::Lacking(_), _] = &told {
                    return told;
                }
                try_all();
                // What it starts is confined as well.
                std::thread::scope(|scope| scope.spawn(try_all).join().unwrap());
                if told[0] == Confinement::Whole {
                    assert!(refused(TcpStream::connect(address)));
                    assert!(refused(TcpListener::bind("127.0.0.1:0")));
                }
                told
            });
            confined.join().unwrap()
        });
        if let [Confinement::Lacking(why), _] = told {
            assert!(why.contains("Landlock"), "{why}");
        }
        // Other threads go on as they did.
        assert_eq!(fs::read_to_string(&secret).unwrap(), "kept");
        fs::write(without.join("new"), "new").unwrap();
        assert!(TcpStream::connect(address).is_ok());
    }

    #[test]
    fn a_thread_that_would_be_passed_over_is_told() {
        let (end, wait) = std::sync::mpsc::channel::<()>();
        let other = std::thread::spawn(move || wait.recv());
        let told = linux::alone(|| Confinement::Whole);
        drop(end);
        assert!(other.join().unwrap().is_err());
        assert_eq!(
            told,
            Confinement::Lacking("another thread runs already".to_owned())
        );
    }

    #[test]
    fn what_was_refused_is_explained_and_nothing_else() {
        let error = |kind| anyhow::Error::new(std::io::Error::from(kind)).context("reports/a.csv");
        let told = |confined: Confinement, kind| output::told(&confined.explain(error(kind)));
        let whole = told(Confinement::Whole, ErrorKind::PermissionDenied);
        assert!(
            whole.starts_with("reports/a.csv: permission denied; "),
            "{whole}"
        );
        assert_eq!(whole.matches("permission denied").count(), 1, "{whole}");
        let full = told(Confinement::Whole, ErrorKind::StorageFull);
        assert!(!full.contains("beneath"), "{full}");
        let lacking = Confinement::Lacking(String::new());
        assert!(!told(lacking, ErrorKind::PermissionDenied).contains("beneath"));
    }
}
