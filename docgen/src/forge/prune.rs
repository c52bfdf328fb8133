//! Removes what commits held that were replaced or taken back: git keeps objects that nothing refers to.
//!
//! Only objects that such a commit brought are looked at, never what people wrote. Objects in a pack stay until
//! git packs anew: somebody packed the repository, and has to learn of it.

use std::collections::HashSet;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;

use git2::{ObjectType, Oid, Repository, Tree};

/// Removes the objects that only these commits have; returns how many stay because they are in a pack.
pub(super) fn drop_objects(repository: &Repository, commits: &[Oid]) -> Result<usize, git2::Error> {
    let mut left = HashSet::new();
    for id in commits {
        let Ok(commit) = repository.find_commit(*id) else { continue };
        left.insert(*id);
        let before = commit.parent(0).and_then(|parent| parent.tree()).ok();
        add_new(repository, &commit.tree()?, before.as_ref(), &mut left)?;
    }
    if left.is_empty() {
        return Ok(0);
    }
    keep_reachable(repository, &mut left)?;
    for id in &left {
        remove_loose(repository, *id)?;
    }
    let objects = repository.odb()?;
    objects.refresh()?;
    Ok(left.into_iter().filter(|id| objects.exists(*id)).count())
}

/// Adds a tree with everything in it that another one does not have at the same path.
fn add_new(
    repository: &Repository,
    tree: &Tree<'_>,
    before: Option<&Tree<'_>>,
    found: &mut HashSet<Oid>,
) -> Result<(), git2::Error> {
    if before.is_some_and(|before| before.id() == tree.id()) {
        return Ok(());
    }
    found.insert(tree.id());
    for entry in tree {
        let old = entry.name().ok().and_then(|name| before.and_then(|tree| tree.get_name(name)));
        if old.as_ref().is_some_and(|old| old.id() == entry.id()) {
            continue;
        }
        match entry.kind() {
            Some(ObjectType::Tree) => {
                let old = old.and_then(|old| repository.find_tree(old.id()).ok());
                add_new(repository, &repository.find_tree(entry.id())?, old.as_ref(), found)?;
            }
            Some(ObjectType::Blob) => {
                found.insert(entry.id());
            }
            _ => {}
        }
    }
    Ok(())
}

/// Takes out of a set what references, their logs, or files that are staged still lead to.
fn keep_reachable(repository: &Repository, set: &mut HashSet<Oid>) -> Result<(), git2::Error> {
    let mut walk = repository.revwalk()?;
    for reference in repository.references()? {
        let reference = reference?;
        if let Ok(commit) = reference.peel_to_commit() {
            walk.push(commit.id())?;
        }
        if let Ok(name) = reference.name() {
            for id in logged(repository, name) {
                walk.push(id)?;
            }
        }
    }
    // A new repository has none yet.
    let head = repository.head().ok().and_then(|head| head.target());
    for id in logged(repository, "HEAD").into_iter().chain(head) {
        walk.push(id)?;
    }
    if let Ok(index) = repository.index() {
        for entry in index.iter() {
            set.remove(&entry.id);
        }
    }
    let mut seen = HashSet::new();
    for id in walk {
        let id = id?;
        set.remove(&id);
        if set.is_empty() {
            return Ok(());
        }
        mark_tree(repository, &repository.find_commit(id)?.tree()?, set, &mut seen)?;
    }
    Ok(())
}

/// The commits that the log of a reference names and that are still there.
fn logged(repository: &Repository, name: &str) -> Vec<Oid> {
    let Ok(log) = repository.reflog(name) else { return Vec::new() };
    let ids = log.iter().flat_map(|entry| [entry.id_old(), entry.id_new()]).collect::<Vec<_>>();
    ids.into_iter().filter(|id| repository.find_commit(*id).is_ok()).collect()
}

fn mark_tree(
    repository: &Repository,
    tree: &Tree<'_>,
    set: &mut HashSet<Oid>,
    seen: &mut HashSet<Oid>,
) -> Result<(), git2::Error> {
    if !seen.insert(tree.id()) {
        return Ok(());
    }
    set.remove(&tree.id());
    for entry in tree {
        match entry.kind() {
            Some(ObjectType::Tree) => {
                mark_tree(repository, &repository.find_tree(entry.id())?, set, seen)?;
            }
            _ => {
                set.remove(&entry.id());
            }
        }
    }
    Ok(())
}

/// The file of a loose object; one that is only in a pack has none.
fn remove_loose(repository: &Repository, id: Oid) -> Result<(), git2::Error> {
    let name = id.to_string();
    let objects: PathBuf = repository.commondir().join("objects");
    match fs::remove_file(objects.join(&name[..2]).join(&name[2..])) {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(git2::Error::from_str(&error.to_string()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use git2::Commit;

    use super::*;

    #[test]
    fn only_what_a_dropped_commit_brought_goes() {
        let folder = tempfile::tempdir().unwrap();
        let repository = Repository::init_bare(folder.path()).unwrap();
        let who = git2::Signature::new("a", "a@b.invalid", &git2::Time::new(0, 0)).unwrap();
        let commit = |name: Option<&str>, files: &[(&str, &str)], parents: &[&Commit<'_>]| {
            let mut update = git2::build::TreeUpdateBuilder::new();
            for (path, text) in files {
                let blob = repository.blob(text.as_bytes()).unwrap();
                update.upsert(*path, blob, git2::FileMode::Blob);
            }
            let empty = repository.treebuilder(None).unwrap().write().unwrap();
            let empty = repository.find_tree(empty).unwrap();
            let tree = update.create_updated(&repository, &empty).unwrap();
            let tree = repository.find_tree(tree).unwrap();
            let id = repository.commit(name, &who, &who, "m", &tree, parents).unwrap();
            repository.find_commit(id).unwrap()
        };
        let base = commit(Some("refs/heads/main"), &[("a.md", "kept"), ("d/b.md", "too")], &[]);
        repository.set_head("refs/heads/main").unwrap();
        let all = [("a.md", "kept"), ("d/b.md", "too"), ("d/c.md", "gone"), ("e.md", "kept")];
        let dropped = commit(None, &all, &[&base]);
        let blob = |text: &str| Oid::hash_object(ObjectType::Blob, text.as_bytes()).unwrap();
        assert_eq!(drop_objects(&repository, &[dropped.id()]).unwrap(), 0);
        let fresh = Repository::open_bare(folder.path()).unwrap();
        for gone in [dropped.id(), dropped.tree_id(), blob("gone")] {
            assert!(!fresh.odb().unwrap().exists(gone), "{gone}");
        }
        for kept in [base.id(), base.tree_id(), blob("kept"), blob("too")] {
            assert!(fresh.odb().unwrap().exists(kept), "{kept}");
        }
        let again = commit(Some("refs/heads/answers/q10"), &all, &[&base]);
        drop_objects(&repository, &[again.id()]).unwrap();
        assert!(Repository::open_bare(folder.path()).unwrap().odb().unwrap().exists(again.id()));

        let packed = commit(None, &[("d/c.md", "gone again")], &[&base]);
        let mut pack = repository.packbuilder().unwrap();
        pack.insert_commit(packed.id()).unwrap();
        pack.write(&folder.path().join("objects/pack"), 0o600).unwrap();
        let left = drop_objects(&repository, &[packed.id()]).unwrap();
        assert!(left > 0, "what is in a pack stays, and is reported");
    }
}
