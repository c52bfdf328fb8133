//! The vector of a text, in half precision.

use super::half_precision::HalfFloat;

/// Tells vectors of one model from those of others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelTag(pub(super) [u8; 8]);

impl ModelTag {
    /// From the digest of a model's description.
    pub fn of(digest: &str) -> Self {
        let mut tag = [0; 8];
        for (place, letter) in tag.iter_mut().zip(digest.bytes()) {
            *place = letter;
        }
        Self(tag)
    }
}

/// A direction: its length is one.
#[derive(Debug, Clone, PartialEq)]
pub struct Embedding(Vec<HalfFloat>);

impl Embedding {
    /// `None` for a vector that points nowhere.
    pub fn from_f32(vector: &[f32]) -> Option<Self> {
        let length = dot(vector, vector).sqrt();
        if !length.is_normal() {
            return None;
        }
        Some(Self(vector.iter().map(|value| HalfFloat::of(value / length)).collect()))
    }

    /// As it is stored: two bytes for each dimension.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|value| value.0.to_le_bytes()).collect()
    }

    /// `None` where a number is cut or is none.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (values, rest) = bytes.as_chunks::<2>();
        let values =
            values.iter().map(|two| HalfFloat(u16::from_le_bytes(*two))).collect::<Vec<_>>();
        let whole =
            rest.is_empty() && !values.is_empty() && values.iter().all(|one| one.is_finite());
        whole.then_some(Self(values))
    }

    /// With the tag of its model before it.
    pub fn to_tagged_bytes(&self, tag: ModelTag) -> Vec<u8> {
        [tag.0.as_slice(), &self.to_bytes()].concat()
    }

    /// `None` for a vector of another model too.
    pub fn from_tagged_bytes(bytes: &[u8], tag: ModelTag) -> Option<Self> {
        Self::from_bytes(bytes.strip_prefix(&tag.0)?)
    }

    pub fn to_f32(&self) -> Vec<f32> {
        self.0.iter().map(|value| value.to_f32()).collect()
    }

    /// How near two meanings are, -1 to 1; zero for vectors of different models.
    pub fn cosine(&self, other: &Self) -> f32 {
        if self.0.len() != other.0.len() {
            return 0.0;
        }
        dot(&self.to_f32(), &other.to_f32())
    }
}

/// Eight sums beside each other, in a fixed order.
pub(crate) fn dot(one: &[f32], other: &[f32]) -> f32 {
    let (ones, ones_left) = one.as_chunks::<8>();
    let (others, others_left) = other.as_chunks::<8>();
    let mut sums = [0.0_f32; 8];
    for (a, b) in ones.iter().zip(others) {
        for lane in 0..8 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let left = ones_left.iter().zip(others_left).map(|(a, b)| a * b).sum::<f32>();
    let [a, b, c, d, e, f, g, h] = sums;
    ((a + b) + (c + d)) + ((e + f) + (g + h)) + left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_vector_comes_back_from_its_bytes() {
        let one = Embedding::from_f32(&[3.0, 4.0, 0.0]).unwrap();
        let bytes = one.to_bytes();
        assert_eq!(bytes.len(), 6);
        assert_eq!(Embedding::from_bytes(&bytes), Some(one.clone()));
        assert_eq!(Embedding::from_bytes(&bytes[..5]), None);
        assert_eq!(Embedding::from_bytes(&[]), None);
        assert_eq!(Embedding::from_bytes(&[0, 0x7c]), None, "an infinite number");
        assert!((one.cosine(&one) - 1.0).abs() < 1e-3);
        let [own, other] = [1, 2].map(|number| ModelTag([number; 8]));
        let tagged = one.to_tagged_bytes(own);
        assert_eq!(Embedding::from_tagged_bytes(&tagged, own), Some(one));
        assert_eq!(Embedding::from_tagged_bytes(&tagged, other), None);
    }

    #[test]
    fn a_vector_without_direction_is_none() {
        assert_eq!(Embedding::from_f32(&[0.0; 4]), None);
        assert_eq!(Embedding::from_f32(&[f32::NAN, 1.0]), None);
    }

    #[test]
    fn a_sum_has_every_product_once() {
        let numbers = (0..21_u8).map(f32::from).collect::<Vec<_>>();
        assert_eq!(dot(&numbers, &numbers), 2_870.0);
    }
}
