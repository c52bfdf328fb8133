//! Makes cosines of different models comparable.
//!
//! Some models hold any two texts near: multilingual-e5-small gives unrelated sentences a cosine of .75, where
//! all-MiniLM-L6-v2 gives .04. Thresholds and weights that were chosen with one mean nothing for the other. The vectors of
//! such a model are taken from the middle of those of fixed sentences about different things.

use super::embedding::dot;

/// Sentences about different things, in the language that most models know.
pub(super) const UNRELATED: [&str; 16] = [
    "The cat sleeps on the warm roof.",
    "How long does it take to boil an egg?",
    "The train to the coast leaves at noon.",
    "He plays the violin in a small orchestra.",
    "Which paint is best for a wooden fence?",
    "The river flooded three villages last spring.",
    "She wrote a letter to her grandmother.",
    "Is there a bakery near the station?",
    "The committee rejected the budget.",
    "Snow fell all night in the mountains.",
    "What is the capital of Peru?",
    "My bicycle has a flat tyre.",
    "The museum is closed on Mondays.",
    "Dinosaurs died out millions of years ago.",
    "Can I pay by card here?",
    "The football match ended in a draw.",
];

/// Unrelated texts are nearer than this, by mean cosine, only with models that hold everything near.
const NARROW: f32 = 0.3;
/// Of so many sentences a mean tells something.
const FEWEST: usize = 8;

/// The middle of the vectors of unrelated sentences, where they lie close together.
pub(super) fn middle(vectors: &[Vec<f32>]) -> Option<Vec<f32>> {
    let ones = vectors.iter().filter_map(|vector| direction(vector)).collect::<Vec<_>>();
    let count = ones.len();
    if count < FEWEST {
        return None;
    }
    let mut sum = vec![0.0; ones[0].len()];
    for one in &ones {
        sum.iter_mut().zip(one).for_each(|(sum, value)| *sum += value);
    }
    let pairs = (count * (count - 1)) as f32;
    let mean_cosine = (dot(&sum, &sum) - count as f32) / pairs;
    let mean = || sum.iter().map(|value| value / count as f32).collect();
    (mean_cosine > NARROW).then(mean)
}

/// A vector as seen from the middle.
pub(super) fn seen_from(middle: &[f32], vector: &[f32]) -> Option<Vec<f32>> {
    let one = direction(vector)?;
    Some(one.iter().zip(middle).map(|(value, middle)| value - middle).collect())
}

fn direction(vector: &[f32]) -> Option<Vec<f32>> {
    let length = dot(vector, vector).sqrt();
    length.is_normal().then(|| vector.iter().map(|value| value / length).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors that differ in one number each, around a common one.
    fn around(common: f32) -> Vec<Vec<f32>> {
        let vector =
            |at: usize| (0..17).map(|n| if n == at { 1.0 } else { 0.0 }).collect::<Vec<_>>();
        let shifted = |at| {
            let mut vector: Vec<f32> = vector(at);
            vector[16] = common;
            vector
        };
        (0..16).map(shifted).collect()
    }

    #[test]
    fn a_narrow_cone_is_seen_from_its_middle() {
        assert_eq!(middle(&around(0.3)), None, "a model that tells texts apart stays as it is");
        let narrow = around(2.0);
        assert_eq!(middle(&narrow[..7]), None, "too few to tell");
        let middle = middle(&narrow).unwrap();
        let seen = narrow.iter().map(|one| direction(&seen_from(&middle, one).unwrap()).unwrap());
        let seen = seen.collect::<Vec<_>>();
        assert!(dot(&direction(&narrow[0]).unwrap(), &direction(&narrow[1]).unwrap()) > 0.75);
        assert!(dot(&seen[0], &seen[1]).abs() < 0.1);
        assert_eq!(seen_from(&middle, &[0.0; 17]), None);
    }
}
