//! Numbers of sixteen bits (IEEE 754 binary16): a sign, five bits of exponent, ten of fraction.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct HalfFloat(pub(super) u16);

/// Fraction bits that single precision has more.
const DROPPED: u32 = 13;
/// By how much the exponents of the two differ.
const REBIAS: u32 = 127 - 15;

impl HalfFloat {
    /// The nearest number, of two as near the even one; an infinite one for what is too large.
    pub(super) fn of(value: f32) -> Self {
        let sign = (value.to_bits() >> 16) as u16 & 0x8000;
        let size = value.abs();
        if size.is_nan() {
            return Self(sign | 0x7e00);
        }
        // Below the least normal number steps are even: adding a half brings them to the end of the fraction.
        let least_normal = f32::from_bits((REBIAS + 1) << 23);
        if size < least_normal {
            return Self(sign | ((size + 0.5).to_bits() - 0.5_f32.to_bits()) as u16);
        }
        let bits = size.to_bits();
        let rounded = bits + ((1 << (DROPPED - 1)) - 1) + (bits >> DROPPED & 1);
        let half = (rounded >> DROPPED) - (REBIAS << 10);
        Self(sign | half.min(0x7c00) as u16)
    }

    pub(super) fn to_f32(self) -> f32 {
        let bits = u32::from(self.0);
        let (sign, exponent, fraction) = ((bits & 0x8000) << 16, bits >> 10 & 0x1f, bits & 0x3ff);
        let size = match exponent {
            0 => fraction as f32 / f32::from_bits((127 + 24) << 23),
            0x1f => f32::from_bits(0xff << 23 | fraction << DROPPED),
            _ => f32::from_bits((exponent + REBIAS) << 23 | fraction << DROPPED),
        };
        f32::from_bits(size.to_bits() | sign)
    }

    pub(super) fn is_finite(self) -> bool {
        self.0 & 0x7c00 != 0x7c00
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_of_sixteen_bits_comes_back() {
        for bits in 0..=u16::MAX {
            let number = HalfFloat(bits);
            if number.to_f32().is_nan() {
                assert!(HalfFloat::of(number.to_f32()).to_f32().is_nan());
            } else {
                assert_eq!(HalfFloat::of(number.to_f32()), number);
            }
        }
    }

    #[test]
    fn what_lies_between_is_rounded_to_the_nearest() {
        let known = [
            (1.0, 0x3c00),
            (-2.0, 0xc000),
            (65_504.0, 0x7bff),
            (65_519.0, 0x7bff),
            (65_520.0, 0x7c00),
            (f32::INFINITY, 0x7c00),
            (5.960_464_5e-8, 0x0001),
            (2.9e-8, 0x0000),
            (6.1e-5, 0x03ff),
            (1.000_488_3, 0x3c00),
            (1.000_489, 0x3c01),
            (1.001_464_8, 0x3c02),
        ];
        for (value, bits) in known {
            assert_eq!(HalfFloat::of(value), HalfFloat(bits), "{value}");
        }
    }
}
