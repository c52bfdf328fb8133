//! The files of a data directory: private to its owner, locked, and of the right kind.

use std::fs::{DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use super::{Result, StoreError};

/// The mode of a data directory and of what is in it: nobody else may look in.
const DIRECTORY_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// The store's file inside a data directory.
pub(super) const STORE_FILE: &str = "store.sqlite";
/// A store that is being made: it gets its name once it is whole.
pub(super) const NEW_STORE_FILE: &str = "store.sqlite.new";
/// What SQLite keeps beside the file of an open store.
pub(super) const SIDE_FILES: [&str; 2] = ["-wal", "-shm"];

/// The first bytes of every SQLite database.
const SQLITE_HEADER: &[u8; 16] = b"SQLite format 3\0";

/// Proof that this process alone writes to a data directory; held until dropped.
#[derive(Debug)]
pub struct WriteLock {
    _file: File,
}

impl WriteLock {
    /// Takes the lock of a data directory, which is made if missing. Never waits.
    pub fn take(data: &Path) -> Result<Self> {
        let file = lock_file(data, "harvester.lock")?;
        try_locked(data, file.try_lock())?;
        Ok(Self { _file: file })
    }
}

/// Held by a process as long as it lives. It names the process in its leases: where another process of the same
/// data directory finds such a lock free, its owner has ended, however it ended.
#[derive(Debug)]
pub struct ProcessLock {
    path: PathBuf,
    _file: File,
}

impl ProcessLock {
    const FOLDER: &str = "processes";

    /// Takes the lock of the process with this name, which no other process has.
    pub fn take(data: &Path, owner: &str) -> Result<Self> {
        let folder = data.join(Self::FOLDER);
        let path = folder.join(owner);
        loop {
            let file = lock_file(&folder, owner)?;
            file.lock().map_err(|source| failed(data, source))?;
            // Another process may have found it free, and removed it, before it was locked.
            if path.exists() {
                return Ok(Self { path, _file: file });
            }
        }
    }

    /// The locks of the processes that ended without removing theirs, each taken over, so that no two processes
    /// do the same for one of them. Give their leases back, and [`ProcessLock::end`] them.
    pub fn ended(data: &Path) -> Result<Vec<Self>> {
        let folder = data.join(Self::FOLDER);
        let entries = match std::fs::read_dir(&folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|source| failed(data, source))?,
        };
        let mut ended = Vec::new();
        for entry in entries {
            let path = entry.map_err(|source| failed(data, source))?.path();
            // Not made anew: its process may have removed it meanwhile.
            let file = match File::open(&path) {
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                file => file.map_err(|source| failed(data, source))?,
            };
            match try_locked(data, file.try_lock()) {
                Ok(()) => ended.push(Self { path, _file: file }),
                Err(StoreError::InUse(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(ended)
    }

    /// Removes the lock of a process that holds nothing any more. Without that it is left for the next process that
    /// looks for ended ones.
    pub fn end(self) {
        // What cannot be removed is found free again.
        let _ = std::fs::remove_file(&self.path);
    }

    /// The name of the process.
    pub fn owner(&self) -> &str {
        self.path.file_name().and_then(|name| name.to_str()).unwrap_or_default()
    }
}

/// Held for the moment in which one of several processes makes the store or brings its tables up to date.
pub(super) struct MigrationLock {
    _file: File,
}

impl MigrationLock {
    /// Waits for the lock.
    pub(super) async fn take(data: &Path) -> Result<Self> {
        let data = data.to_owned();
        let taken = tokio::task::spawn_blocking(move || {
            let file = lock_file(&data, "migrating.lock")?;
            file.lock().map_err(|source| failed(&data, source))?;
            Ok(Self { _file: file })
        });
        taken.await.expect("taking a lock neither panics nor is cancelled")
    }
}

/// Held by everybody who has the store open, so that nobody replaces it meanwhile.
#[derive(Debug)]
pub(super) struct OpenLock {
    _file: File,
}

impl OpenLock {
    const NAME: &str = "open.lock";

    /// Shares the lock with others that read or write.
    pub(super) fn share(data: &Path) -> Result<Self> {
        let file = lock_file(data, Self::NAME)?;
        try_locked(data, file.try_lock_shared())?;
        Ok(Self { _file: file })
    }

    /// Shares the lock for reading; `None` in a directory that this process cannot write to, where it
    /// could not be replaced either.
    pub(super) fn share_to_read(data: &Path) -> Result<Option<Self>> {
        match Self::share(data) {
            Ok(lock) => Ok(Some(lock)),
            Err(StoreError::Directory { source, .. })
                if matches!(
                    source.kind(),
                    ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem
                ) =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    /// Takes the lock alone; an error while anybody has the store open.
    pub(super) fn take_alone(data: &Path) -> Result<Self> {
        let file = lock_file(data, Self::NAME)?;
        try_locked(data, file.try_lock())?;
        Ok(Self { _file: file })
    }
}

/// Whether a data directory holds a store. A file in its place that cannot be one is an error, because
/// making an empty store instead would hide a loss.
pub(super) fn has_store(data: &Path) -> Result<bool> {
    let path = data.join(STORE_FILE);
    let mut header = [0; SQLITE_HEADER.len()];
    match File::open(&path).and_then(|mut file| file.read_exact(&mut header)) {
        Ok(()) if &header == SQLITE_HEADER => Ok(true),
        Ok(()) => Err(StoreError::NotAStore { path, what: "is not a SQLite database" }),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
            Err(StoreError::NotAStore { path, what: "is empty or cut short" })
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {
            let log = side_file(&path, SIDE_FILES[0]);
            match log.metadata() {
                Ok(log) if log.len() > 0 => {
                    Err(StoreError::NotAStore { path, what: "is missing, but its log is there" })
                }
                _ => Ok(false),
            }
        }
        Err(source) => Err(failed(data, source)),
    }
}

/// The file that SQLite keeps beside a database.
pub(super) fn side_file(database: &Path, ending: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Makes an empty file that only its owner may read, in the place of another.
pub(super) fn create_private(path: &Path) -> io::Result<File> {
    for ending in ["", SIDE_FILES[0], SIDE_FILES[1]] {
        match std::fs::remove_file(side_file(path, ending)) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    OpenOptions::new().create_new(true).write(true).mode(FILE_MODE).open(path)
}

/// Gives a finished file its name, which survives a loss of power.
pub(super) fn put_in_place(finished: &Path, name: &Path) -> io::Result<()> {
    File::open(finished)?.sync_all()?;
    std::fs::rename(finished, name)?;
    match name.parent() {
        Some(directory) => File::open(directory)?.sync_all(),
        None => Ok(()),
    }
}

/// Closes a data directory, and the store in it, to other users: those of earlier versions may be open.
pub(super) fn make_private(data: &Path) -> Result<()> {
    let store = data.join(STORE_FILE);
    let files =
        ["", SIDE_FILES[0], SIDE_FILES[1]].map(|ending| (side_file(&store, ending), FILE_MODE));
    for (path, mode) in std::iter::once((data.to_owned(), DIRECTORY_MODE)).chain(files) {
        match restrict(&path, mode) {
            // Not its owner: `harvester doctor` reports who may look in.
            Err(error)
                if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::PermissionDenied) => {}
            Err(source) => return Err(failed(data, source)),
            Ok(()) => {}
        }
    }
    Ok(())
}

/// Makes a directory, with those above it, that only its owner may read.
pub fn create_private_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(DIRECTORY_MODE).create(path)
}

fn restrict(path: &Path, mode: u32) -> io::Result<()> {
    let now = path.metadata()?.permissions();
    if now.mode() & 0o777 & !mode == 0 {
        return Ok(());
    }
    std::fs::set_permissions(path, Permissions::from_mode(mode))
}

fn lock_file(data: &Path, name: &str) -> Result<File> {
    let open = || {
        create_private_directory(data)?;
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true).mode(FILE_MODE).open(data.join(name))
    };
    open().map_err(|source| failed(data, source))
}

fn try_locked(data: &Path, locked: std::result::Result<(), TryLockError>) -> Result<()> {
    match locked {
        Ok(()) => Ok(()),
        Err(TryLockError::WouldBlock) => Err(StoreError::InUse(data.to_owned())),
        Err(TryLockError::Error(source)) => Err(failed(data, source)),
    }
}

pub(super) fn failed(data: &Path, source: io::Error) -> StoreError {
    StoreError::Directory { path: data.to_owned(), source }
}
