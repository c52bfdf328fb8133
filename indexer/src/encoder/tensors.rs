//! Reads `model.safetensors` one tensor at a time, so that no more than the weights is ever in memory.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::PathBuf;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::EncoderError;
use super::half_precision::HalfFloat;
use super::model_files::{ModelFiles, WEIGHTS, unreadable};

/// Longer headers are damage.
const LONGEST_HEADER: u64 = 64 << 20;
/// Encoders are published alone or inside a model with a head.
const PREFIXES: [&str; 4] = ["", "bert.", "roberta.", "0.auto_model."];
const FIRST_TENSOR: &str = "embeddings.word_embeddings.weight";

/// Where a tensor stands, as the header of the file says.
#[derive(Debug, Clone, Deserialize)]
struct TensorPlace {
    dtype: String,
    shape: Vec<usize>,
    /// From the end of the header.
    data_offsets: (u64, u64),
}

pub(super) struct TensorFile {
    path: PathBuf,
    file: File,
    tensors: BTreeMap<String, TensorPlace>,

    data_start: u64,
    prefix: &'static str,
}

impl TensorFile {
    pub(super) fn open(files: &ModelFiles) -> Result<Self, EncoderError> {
        let path = files.directory.join(WEIGHTS);
        let failed = |error| unreadable(error, &path, WEIGHTS, &files.directory);
        let damaged = |problem: String| EncoderError::Damaged { path: path.clone(), problem };
        let mut file = File::open(&path).map_err(failed)?;
        let whole = file.metadata().map_err(failed)?.len();
        let mut length = [0; 8];
        file.read_exact(&mut length).map_err(|error| damaged(error.to_string()))?;
        let length = u64::from_le_bytes(length);
        if length > LONGEST_HEADER.min(whole.saturating_sub(8)) {
            return Err(damaged("its header is longer than the file".to_owned()));
        }
        let mut header = vec![0; length as usize];
        file.read_exact(&mut header).map_err(failed)?;
        let tensors = places(&header).map_err(|error| damaged(error.to_string()))?;
        let data_start = 8 + length;
        let end = tensors.values().map(|place| place.data_offsets.1).max().unwrap_or_default();
        if data_start.checked_add(end) != Some(whole) {
            return Err(damaged("it is cut short".to_owned()));
        }
        let prefix = PREFIXES
            .into_iter()
            .find(|prefix| tensors.contains_key(&format!("{prefix}{FIRST_TENSOR}")))
            .ok_or_else(|| damaged(format!("it has no tensor {FIRST_TENSOR}")))?;
        Ok(Self { path, file, tensors, data_start, prefix })
    }

    /// A tensor of this shape, row by row.
    pub(super) fn read(&mut self, name: &str, shape: &[usize]) -> Result<Vec<f32>, EncoderError> {
        let Some(place) = self.tensors.get(&format!("{}{name}", self.prefix)).cloned() else {
            return Err(self.damaged(format!("it has no tensor {name}")));
        };
        if place.shape != shape {
            let found = &place.shape;
            let problem = format!(
                "the tensor {name} has the shape {found:?}, not {shape:?} as config.json says"
            );
            return Err(self.damaged(problem));
        }
        let decode: fn(&[u8]) -> f32 = match place.dtype.as_str() {
            "F32" => |four| f32::from_le_bytes([four[0], four[1], four[2], four[3]]),
            "F16" => |two| HalfFloat(u16::from_le_bytes([two[0], two[1]])).to_f32(),
            "BF16" => |two| f32::from_le_bytes([0, 0, two[0], two[1]]),
            other => {
                let problem = format!("the tensor {name} holds {other}, not F32, F16 or BF16");
                return Err(self.damaged(problem));
            }
        };
        let width = if place.dtype == "F32" { 4 } else { 2 };
        let (from, to) = place.data_offsets;
        let count = shape.iter().product::<usize>();
        if to.checked_sub(from) != Some((count * width) as u64) {
            return Err(self.damaged(format!("the tensor {name} has not the bytes of its shape")));
        }
        let mut bytes = vec![0; count * width];
        let start = SeekFrom::Start(self.data_start + from);
        let read = self.file.seek(start).and_then(|_| self.file.read_exact(&mut bytes));
        read.map_err(|source| EncoderError::Read { path: self.path.clone(), source })?;
        let values = bytes.chunks_exact(width).map(decode).collect::<Vec<_>>();
        if values.iter().all(|value| value.is_finite()) {
            return Ok(values);
        }
        Err(self.damaged(format!("the tensor {name} holds what is no number")))
    }

    fn damaged(&self, problem: String) -> EncoderError {
        EncoderError::Damaged { path: self.path.clone(), problem }
    }
}

/// The tensors that a header names.
fn places(header: &[u8]) -> serde_json::Result<BTreeMap<String, TensorPlace>> {
    let named: Map<String, Value> = serde_json::from_slice(header)?;
    let tensors = named.into_iter().filter(|(name, _)| name != "__metadata__");
    tensors.map(|(name, place)| Ok((name, serde_json::from_value(place)?))).collect()
}
