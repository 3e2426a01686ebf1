//! Rights that only opening an interface needs are given up once it is open.

use std::io;
use std::os::unix::fs::chown;
use std::path::Path;

use anyhow::{Context, bail};
use nix::unistd::{Uid, User, setgroups, setresgid, setresuid};

/// As whom to go on.
pub(super) struct Identity {
    user: Option<User>,
}

impl Identity {
    /// The user named, else the one who called sudo, else nobody; who is not root stays who they are.
    pub(super) fn choose(named: Option<&str>) -> anyhow::Result<Self> {
        if !Uid::effective().is_root() {
            if named.is_some() {
                bail!("--user is for root; you are not");
            }
            return Ok(Self { user: None });
        }
        let user = match (named, sudo_user()) {
            (Some(name), _) => User::from_name(name)
                .with_context(|| format!("the user {name} cannot be looked up"))?
                .with_context(|| format!("there is no user {name}"))?,
            (None, Some(uid)) => User::from_uid(uid)
                .with_context(|| format!("the user {uid} cannot be looked up"))?
                .with_context(|| format!("SUDO_UID is {uid}, but there is no such user"))?,
            (None, None) => User::from_name("nobody")
                .context("the user nobody cannot be looked up")?
                .context("there is no user nobody; name one with --user")?,
        };
        Ok(Self { user: Some(user) })
    }

    /// Makes a folder that this user may write to. One that is there already is left as it is.
    pub(super) fn make_folder(&self, folder: &Path) -> anyhow::Result<()> {
        if folder.is_dir() {
            return Ok(());
        }
        std::fs::create_dir_all(folder)
            .with_context(|| format!("{}: cannot be made", folder.display()))?;
        if let Some(user) = &self.user {
            chown(folder, Some(user.uid.as_raw()), Some(user.gid.as_raw())).with_context(|| {
                format!("{}: cannot be given to {}", folder.display(), user.name)
            })?;
        }
        Ok(())
    }

    /// Becomes that user, for ever, and without any capability. Called before other threads are started, since
    /// capabilities belong to threads.
    pub(super) fn assume(&self) -> anyhow::Result<()> {
        capabilities::drop_bounding()?;
        if let Some(user) = &self.user
            && !user.uid.is_root()
        {
            // In this order: without the user's rights the groups could not be changed any more.
            setgroups(&[user.gid]).context("the groups cannot be given up")?;
            setresgid(user.gid, user.gid, user.gid).context("the group cannot be changed")?;
            setresuid(user.uid, user.uid, user.uid).context("the user cannot be changed")?;
            if setresuid(Uid::from_raw(0), Uid::from_raw(0), Uid::from_raw(0)).is_ok() {
                bail!("root's rights came back after they were given up");
            }
        }
        capabilities::drop_all()
    }

    /// What to say where a file cannot be written: where rights are lacking, whose.
    pub(super) fn explain(&self, path: Option<&Path>, error: io::Error) -> anyhow::Error {
        let Some(path) = path else {
            return error.into();
        };
        let lacking = error.kind() == io::ErrorKind::PermissionDenied;
        let words = match self.user.as_ref().filter(|_| lacking) {
            Some(user) if user.uid.is_root() => format!(
                "{}: cannot be written by root without its capabilities; use a folder that root owns",
                path.display()
            ),
            Some(user) => format!(
                "{}: cannot be written by {}, as whom pktaudit goes on once the interface is open; use a folder of \
                 theirs, or choose another user with --user",
                path.display(),
                user.name
            ),
            None => format!("{}: cannot be written", path.display()),
        };
        anyhow::Error::new(error).context(words)
    }
}

fn sudo_user() -> Option<Uid> {
    let uid = std::env::var("SUDO_UID").ok()?.parse().ok()?;
    Some(Uid::from_raw(uid)).filter(|uid| !uid.is_root())
}

#[cfg(target_os = "linux")]
mod capabilities {
    use anyhow::Context;
    use caps::CapSet;

    /// Capabilities that a program run later could have. Only who may change them needs to.
    pub(super) fn drop_bounding() -> anyhow::Result<()> {
        nix::sys::prctl::set_no_new_privs().context("new rights cannot be ruled out")?;
        if caps::has_cap(None, CapSet::Effective, caps::Capability::CAP_SETPCAP).unwrap_or(false) {
            caps::clear(None, CapSet::Bounding)
                .context("the bounding capabilities cannot be given up")?;
        }
        Ok(())
    }

    pub(super) fn drop_all() -> anyhow::Result<()> {
        for set in [
            CapSet::Ambient,
            CapSet::Effective,
            CapSet::Inheritable,
            CapSet::Permitted,
        ] {
            caps::clear(None, set)
                .with_context(|| format!("the {set:?} capabilities cannot be given up"))?;
        }
        Ok(())
    }
}

#[cfg(not(target_os = "linux"))]
mod capabilities {
    pub(super) fn drop_bounding() -> anyhow::Result<()> {
        Ok(())
    }

    pub(super) fn drop_all() -> anyhow::Result<()> {
        Ok(())
    }
}
