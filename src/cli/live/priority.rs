//! Which threads go first where processors are short: those that take packets, since what they miss is lost.

use rustix::process::setpriority_process;

use crate::live::Work;

/// As nice(1) counts: lower goes first.
const PACKETS: i32 = -10;
const PROGRAMS: i32 = 0;
const VERDICTS: i32 = 10;

/// Puts what is started from now on before other programs. Only root may; for others nothing changes.
pub(super) fn packets_first() {
    let _ = setpriority_process(None, PACKETS);
}

/// Sets the priority of the thread that calls it.
pub(super) fn prepare(work: Work) {
    match work {
        // They have it from the thread that started them.
        Work::Packets => {}
        Work::Verdicts => give_way(),
    }
}

/// What this thread does is as urgent as what other programs do.
pub(super) fn as_others() {
    let _ = setpriority_process(None, PROGRAMS);
}

/// What this thread does can wait. Anyone may say so; where it fails, it does not wait.
pub(super) fn give_way() {
    let _ = setpriority_process(None, VERDICTS);
}
