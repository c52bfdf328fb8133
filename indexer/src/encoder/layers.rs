//! The parts of a layer. Every sum has a fixed order, and a row depends on no other row.

use ndarray::linalg::general_mat_mul;
use ndarray::{ArrayView2, ArrayViewMut2};

use super::EncoderError;
use super::tensors::TensorFile;

/// Multiplies by a matrix and adds a bias.
pub(super) struct Linear {
    /// `outputs` rows of `inputs` numbers.
    weight: Vec<f32>,
    bias: Vec<f32>,
    inputs: usize,
    outputs: usize,
}

impl Linear {
    pub(super) fn read(
        file: &mut TensorFile,
        name: &str,
        inputs: usize,
        outputs: usize,
    ) -> Result<Self, EncoderError> {
        let weight = file.read(&format!("{name}.weight"), &[outputs, inputs])?;
        let bias = file.read(&format!("{name}.bias"), &[outputs])?;
        Ok(Self { weight, bias, inputs, outputs })
    }

    pub(super) fn apply(&self, rows: &[f32]) -> Vec<f32> {
        let count = rows.len() / self.inputs;
        let mut result = self.bias.repeat(count);
        let shape = |rows, columns, values| {
            ArrayView2::from_shape((rows, columns), values)
                .expect("the shapes were checked on reading")
        };
        let weight = shape(self.outputs, self.inputs, &self.weight);
        let mut sums = ArrayViewMut2::from_shape((count, self.outputs), &mut result)
            .expect("there is a bias for each output");
        general_mat_mul(1.0, &shape(count, self.inputs, rows), &weight.t(), 1.0, &mut sums);
        result
    }
}

/// Brings rows to one mean and width.
pub(super) struct LayerNorm {
    weight: Vec<f32>,
    bias: Vec<f32>,
    epsilon: f32,
}

impl LayerNorm {
    pub(super) fn read(
        file: &mut TensorFile,
        name: &str,
        size: usize,
        epsilon: f64,
    ) -> Result<Self, EncoderError> {
        let weight = file.read(&format!("{name}.weight"), &[size])?;
        let bias = file.read(&format!("{name}.bias"), &[size])?;
        Ok(Self { weight, bias, epsilon: epsilon as f32 })
    }

    pub(super) fn apply(&self, rows: &mut [f32]) {
        let size = self.weight.len();
        for row in rows.chunks_exact_mut(size) {
            let mean = row.iter().sum::<f32>() / size as f32;
            let square = |value: &f32| (value - mean) * (value - mean);
            let variance = row.iter().map(square).sum::<f32>() / size as f32;
            let scale = 1.0 / (variance + self.epsilon).sqrt();
            for ((value, weight), bias) in row.iter_mut().zip(&self.weight).zip(&self.bias) {
                *value = (*value - mean) * scale * weight + bias;
            }
        }
    }
}

/// Adds to each number its neighbour in the other rows.
pub(super) fn add(rows: &mut [f32], others: &[f32]) {
    for (value, other) in rows.iter_mut().zip(others) {
        *value += other;
    }
}

/// `x` times the normal distribution at `x`.
pub(super) fn gelu(values: &mut [f32]) {
    for value in values {
        *value *= 0.5 * (1.0 + erf(*value * std::f32::consts::FRAC_1_SQRT_2));
    }
}

/// The error function to 1.5e-7 (Abramowitz and Stegun, 7.1.26).
fn erf(x: f32) -> f32 {
    const P: f32 = 0.327_591_1;
    const A: [f32; 5] = [0.254_829_6, -0.284_496_74, 1.421_413_7, -1.453_152, 1.061_405_4];
    let t = 1.0 / (1.0 + P * x.abs());
    let sum = ((((A[4] * t + A[3]) * t + A[2]) * t + A[1]) * t + A[0]) * t;
    (1.0 - sum * (-x * x).exp()).copysign(x)
}

/// Makes a row of any numbers one of shares.
pub(super) fn softmax(row: &mut [f32]) {
    let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    for value in &mut *row {
        *value = (*value - most).exp();
    }
    let sum = row.iter().sum::<f32>();
    for value in row {
        *value /= sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_function_is_exact_enough() {
        // From tables of the function.
        let known = [
            (0.0, 0.0),
            (0.1, 0.112_462_92),
            (0.5, 0.520_499_9),
            (1.0, 0.842_700_8),
            (2.5, 0.999_593_1),
        ];
        for (x, value) in known {
            assert!((erf(x) - value).abs() < 5e-7 && (erf(-x) + value).abs() < 5e-7, "{x}");
        }
    }

    #[test]
    fn shares_add_up_to_one_however_large_the_numbers() {
        let mut row = [1_000.0, 1_000.0, 800.0];
        softmax(&mut row);
        assert_eq!(row, [0.5, 0.5, 0.0]);
    }
}
