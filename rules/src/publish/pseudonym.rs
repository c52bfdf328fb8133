//! Names for people who did not choose to be named.

use sha2::{Digest, Sha256};

use crate::model::cluster::Quote;
use crate::model::ids::UserId;

/// The secret that keeps pseudonyms from being turned back into user ids. One per data directory.
#[derive(Clone)]
pub struct Salt(pub [u8; 16]);

/// How people are called in published text.
#[derive(Clone)]
pub enum AuthorNaming {
    Pseudonyms(Salt),
    /// As on Discord. Only where the operator's configuration says so.
    DisplayNames,
}

impl AuthorNaming {
    pub fn name(&self, quote: &Quote) -> String {
        self.name_of(quote.author, &quote.author_name)
    }

    pub fn name_of(&self, user: UserId, display_name: &str) -> String {
        match self {
            Self::Pseudonyms(salt) => pseudonym(user, salt),
            Self::DisplayNames => display_name.to_owned(),
        }
    }
}

/// Neutral words only: no animal, colour or trait that could describe a person.
const FIRST: [&str; 32] = [
    "amber", "april", "basalt", "birch", "cedar", "cobalt", "coral", "delta", "ember", "fern",
    "flint", "garnet", "harbor", "indigo", "jade", "juniper", "kelp", "larch", "linen", "maple",
    "marble", "meadow", "nickel", "opal", "pearl", "quartz", "river", "saffron", "slate", "topaz",
    "umber", "willow",
];
const SECOND: [&str; 32] = [
    "anchor", "arch", "bay", "bell", "bridge", "brook", "canyon", "cape", "cove", "dune", "field",
    "ford", "gate", "glade", "grove", "hill", "isle", "lake", "lane", "mesa", "mill", "orchard",
    "pass", "peak", "pier", "pond", "reef", "ridge", "spring", "tower", "trail", "vale",
];

/// The same name for the same person wherever it appears; without the salt nobody can compute it.
/// Two people share one with a chance of 1 in 1,024,000.
pub fn pseudonym(user: UserId, salt: &Salt) -> String {
    let digest = Sha256::new().chain_update(salt.0).chain_update(user.0.to_le_bytes()).finalize();
    let number = u16::from_le_bytes([digest[2], digest[3]]) % 1000;
    let first = FIRST[usize::from(digest[0]) % FIRST.len()];
    let second = SECOND[usize::from(digest[1]) % SECOND.len()];
    format!("{first}-{second}-{number}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_stable_and_belongs_to_one_salt() {
        let (mine, yours) = (Salt([1; 16]), Salt([2; 16]));
        assert_eq!(pseudonym(UserId(5), &mine), pseudonym(UserId(5), &mine));
        assert_ne!(pseudonym(UserId(5), &mine), pseudonym(UserId(5), &yours));
        assert_ne!(pseudonym(UserId(5), &mine), pseudonym(UserId(6), &mine));
    }
}
