//! Whether other users of this machine can read the data or the secrets.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::{DoctorFinding, bad, good};

/// Where container engines put secrets. What is there is readable inside the container only, whatever
/// its mode.
const CONTAINER_SECRETS: &str = "/run/secrets";

/// Checks the data directory, the store and the files that the settings read secrets from.
pub(super) fn check(data: &Path, secret_files: &[PathBuf]) -> Vec<DoctorFinding> {
    let stored =
        ["store.sqlite", "store.sqlite-wal", "store.sqlite.replaced"].map(|name| data.join(name));
    let mut open = [data.to_owned()]
        .iter()
        .chain(&stored)
        .filter_map(|path| exposure(path))
        .collect::<Vec<_>>();
    let secrets = secret_files.iter().filter(|path| !path.starts_with(CONTAINER_SECRETS));
    open.extend(secrets.filter_map(|path| exposure(path)));
    if open.is_empty() {
        return vec![good("privacy", "data and secrets are closed to other users")];
    }
    open.into_iter().map(|says| bad("privacy", says)).collect()
}

/// Who else may use a file or directory, and the command that ends it. What is missing is not exposed.
fn exposure(path: &Path) -> Option<String> {
    let found = path.metadata().ok()?;
    let mode = found.permissions().mode() & 0o777;
    let private = if found.is_dir() { 0o700 } else { 0o600 };
    let path = path.display();
    (mode & 0o077 != 0).then(|| {
        format!("other users may open {path} (mode {mode:o}); run `chmod {private:o} {path}`")
    })
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, set_permissions};

    use super::*;

    #[test]
    fn what_others_may_open_is_reported_with_the_remedy() {
        let data = tempfile::tempdir().unwrap();
        let token = data.path().join("token");
        std::fs::write(&token, "words").unwrap();
        set_permissions(data.path(), Permissions::from_mode(0o700)).unwrap();
        set_permissions(&token, Permissions::from_mode(0o640)).unwrap();
        let files = [token.clone()];
        let findings = check(data.path(), &files);
        let [finding] = &findings[..] else { panic!("one finding") };
        assert!(!finding.passed && finding.message.contains("mode 640"), "{}", finding.message);
        assert!(finding.message.contains(&format!("`chmod 600 {}`", token.display())));
        set_permissions(&token, Permissions::from_mode(0o400)).unwrap();
        assert!(check(data.path(), &files)[0].passed);
        set_permissions(data.path(), Permissions::from_mode(0o755)).unwrap();
        assert!(check(data.path(), &files)[0].message.contains("`chmod 700 "));
    }
}
