//! A process that takes a third of each processor, as other programs of a machine might.

use std::io;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

use crate::place::Processors;

/// The argument by which this program becomes that process.
pub(crate) const COMMAND: &str = "load";

/// Processor time that it takes at once. More than the scheduler's slices, so that it also preempts.
const TURN: Duration = Duration::from_millis(4);

/// Processors that it leaves to the others, for each that it takes.
const OTHERS: u32 = 2;

/// The running process. Killed when dropped.
pub(crate) struct Load(Child);

impl Load {
    pub(crate) fn start() -> io::Result<Self> {
        let child = Command::new(std::env::current_exe()?)
            .arg(COMMAND)
            // Its end ends the process, also if this program is killed.
            .stdin(Stdio::piped())
            .spawn()?;
        Ok(Self(child))
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        // It may have ended by itself.
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

/// Takes a third of each processor until standard input ends.
///
/// # Errors
///
/// When standard input cannot be read.
pub(crate) fn take_a_third() -> io::Result<()> {
    for processor in Processors::all()?.each() {
        thread::spawn(move || processor.keep().map(|()| take_turns()));
    }
    io::copy(&mut io::stdin(), &mut io::sink())?;
    Ok(())
}

fn take_turns() {
    let began = Instant::now();
    let mut until = TURN;
    loop {
        if used() < until {
            continue;
        }
        until += TURN;
        #[expect(clippy::disallowed_methods, reason = "a thread of its own")]
        thread::sleep(rest(used(), began.elapsed()));
    }
}

/// How long to leave the processor to the others, having used it for `used` of `elapsed`.
fn rest(used: Duration, elapsed: Duration) -> Duration {
    (used * (OTHERS + 1)).saturating_sub(elapsed)
}

/// Processor time of this thread.
fn used() -> Duration {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(used).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_have_two_thirds_of_the_time_if_they_want_them() {
        let ms = Duration::from_millis;
        assert_eq!(rest(ms(4), ms(4)), ms(8));
        assert_eq!(rest(ms(8), ms(20)), ms(4));
        // The others have had more than that already.
        assert_eq!(rest(ms(4), ms(13)), ms(0));
    }
}
