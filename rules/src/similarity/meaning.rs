//! What questions and answers mean, as a sentence encoder sees it, beside the words that they say.
//!
//! Vectors are kept as whole numbers, whose sums come to the same on every machine.

/// Steps of the greatest number of a vector.
const STEPS: f32 = 127.0;

/// The direction of a text's vector, in whole numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MeaningVector(pub(super) Vec<i8>);

/// The vectors of a question and its answer, both by the same encoder; none where it does not know the script, or
/// where there is no text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct QaMeaning {
    pub question: Option<MeaningVector>,
    pub answer: Option<MeaningVector>,
}

impl MeaningVector {
    /// `None` for a vector that points nowhere.
    pub fn of(vector: &[f32]) -> Option<Self> {
        let most = vector.iter().map(|one| one.abs()).fold(0.0, f32::max);
        if !most.is_normal() {
            return None;
        }
        Some(Self(vector.iter().map(|one| (one / most * STEPS).round() as i8).collect()))
    }

    /// How near two meanings are, -1 to 1; zero for vectors of different models.
    pub(super) fn cosine(&self, other: &Self) -> f32 {
        if self.0.len() != other.0.len() {
            return 0.0;
        }
        let lengths = f64::from(product(&self.0, &self.0)) * f64::from(product(&other.0, &other.0));
        if lengths == 0.0 {
            return 0.0;
        }
        (f64::from(product(&self.0, &other.0)) / lengths.sqrt()) as f32
    }
}

fn product(one: &[i8], other: &[i8]) -> i32 {
    one.iter().zip(other).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_keep_the_direction() {
        let of = |vector: &[f32]| MeaningVector::of(vector).unwrap();
        let (one, other) = (of(&[0.3, 0.4, 0.0]), of(&[3.0, 4.0, 12.0]));
        assert!((one.cosine(&one) - 1.0).abs() < 1e-6);
        assert!((one.cosine(&other) - 5.0 / 13.0).abs() < 1e-2);
        assert_eq!(one.cosine(&other).to_bits(), other.cosine(&one).to_bits());
        assert_eq!(one.cosine(&of(&[1.0, 0.0])), 0.0, "another model");
        assert_eq!(MeaningVector::of(&[0.0, 0.0]), None);
        assert_eq!(MeaningVector::of(&[f32::NAN]), None);
    }
}
