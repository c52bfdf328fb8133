//! Which sections may be about the same as a draft: those that share its rarest words.

use std::collections::HashMap;

use rules::similarity::content_words;

/// So many sections, those that share the most with a draft, are compared with it word by word.
const MOST_COMPARED: usize = 200;

/// The sections of a site by the words in them.
pub(super) struct SectionIndex {
    /// The sections of each word, ascending.
    sections_of: HashMap<String, Vec<usize>>,
    sections: usize,
}

impl SectionIndex {
    /// Takes the text of each section with its headings.
    pub(super) fn of<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let mut index = Self { sections_of: HashMap::new(), sections: 0 };
        for text in texts {
            for word in content_words(text) {
                index.sections_of.entry(word).or_default().push(index.sections);
            }
            index.sections += 1;
        }
        index
    }

    /// The sections that share the most with a text, ascending; a word counts more the fewer sections have it.
    pub(super) fn nearest(&self, text: &str) -> Vec<usize> {
        let mut shared = HashMap::<usize, f32>::new();
        for word in content_words(text) {
            let Some(sections) = self.sections_of.get(&word) else { continue };
            let weight = (self.sections as f32 / sections.len() as f32).ln_1p();
            for section in sections {
                *shared.entry(*section).or_default() += weight;
            }
        }
        let mut nearest = shared.into_iter().collect::<Vec<_>>();
        nearest.sort_by(|(a, weight), (b, other)| other.total_cmp(weight).then(a.cmp(b)));
        nearest.truncate(MOST_COMPARED);
        let mut nearest = nearest.into_iter().map(|(section, _)| section).collect::<Vec<_>>();
        nearest.sort_unstable();
        nearest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_section_with_the_same_rare_words_is_among_the_nearest_of_many() {
        let mut texts = (0..5_000)
            .map(|at| format!("How do I set the number{at} of the relay? Open the settings."))
            .collect::<Vec<_>>();
        texts[3_210] = "Where is the certificate? Renew it with lanternctl.".to_owned();
        let index = SectionIndex::of(texts.iter().map(String::as_str));
        let nearest = index.nearest("How do I renew the certificate of the relay?");
        assert_eq!(nearest.len(), MOST_COMPARED);
        assert!(nearest.contains(&3_210));
        assert!(index.nearest("zebra").is_empty());
    }
}
