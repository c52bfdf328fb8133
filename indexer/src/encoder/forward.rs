//! The forward pass of a BERT-type encoder.

use ndarray::linalg::general_mat_mul;
use ndarray::{Array2, ArrayView2, Axis, Slice};

use super::EncoderError;
use super::half_precision::HalfFloat;
use super::layers::{LayerNorm, Linear, add, gelu, softmax};
use super::model_files::{BertConfig, ModelFiles, Pooling};
use super::tensors::TensorFile;

pub(super) struct BertModel {
    /// A row for each piece: the largest table by far, and half the memory in half precision.
    words: Vec<HalfFloat>,
    /// A row for each place, with what is added to every piece.
    places: Vec<f32>,
    norm: LayerNorm,
    layers: Vec<Layer>,
    size: usize,
    heads: usize,
}

struct Layer {
    query: Linear,
    key: Linear,
    value: Linear,
    attended: Linear,
    attention_norm: LayerNorm,
    widen: Linear,
    narrow: Linear,
    norm: LayerNorm,
}

impl BertModel {
    pub(super) fn read(files: &ModelFiles) -> Result<Self, EncoderError> {
        let config = &files.config;
        let mut file = TensorFile::open(files)?;
        let size = config.hidden_size;
        let words = file.read("embeddings.word_embeddings.weight", &[config.vocab_size, size])?;
        let words = words.into_iter().map(HalfFloat::of).collect();
        let places = read_places(&mut file, config, files.longest)?;
        let norm = LayerNorm::read(&mut file, "embeddings.LayerNorm", size, config.layer_norm_eps)?;
        let layers = (0..config.num_hidden_layers)
            .map(|number| Layer::read(&mut file, number, config))
            .collect::<Result<_, _>>()?;
        Ok(Self { words, places, norm, layers, size, heads: config.num_attention_heads })
    }

    /// The vectors of some texts, each given by its pieces.
    pub(super) fn vectors(&self, texts: &[&[u32]], pooling: Pooling) -> Vec<Vec<f32>> {
        // All pieces of all texts stand in one table: nothing is filled up.
        let mut rows = self.embed(texts);
        for layer in &self.layers {
            layer.apply(&mut rows, texts, self.heads);
        }
        let mut left = rows.as_slice();
        let pooled = texts.iter().map(|text| {
            let (own, rest) = left.split_at(text.len() * self.size);
            left = rest;
            pool(own, self.size, pooling)
        });
        pooled.collect()
    }

    fn embed(&self, texts: &[&[u32]]) -> Vec<f32> {
        let mut rows = Vec::new();
        for text in texts {
            for (piece, place) in text.iter().zip(self.places.chunks_exact(self.size)) {
                let word = &self.words[*piece as usize * self.size..][..self.size];
                rows.extend(word.iter().zip(place).map(|(word, place)| word.to_f32() + place));
            }
        }
        self.norm.apply(&mut rows);
        rows
    }
}

/// The vectors of places, each with that of the one kind of sentence that is used.
fn read_places(
    file: &mut TensorFile,
    config: &BertConfig,
    longest: usize,
) -> Result<Vec<f32>, EncoderError> {
    let size = config.hidden_size;
    let shape = [config.max_position_embeddings, size];
    let all = file.read("embeddings.position_embeddings.weight", &shape)?;
    let kinds =
        file.read("embeddings.token_type_embeddings.weight", &[config.type_vocab_size, size])?;
    let mut places = all[config.first_position() * size..][..longest * size].to_vec();
    for place in places.chunks_exact_mut(size) {
        add(place, &kinds[..size]);
    }
    Ok(places)
}

fn pool(rows: &[f32], size: usize, pooling: Pooling) -> Vec<f32> {
    match pooling {
        Pooling::First => rows[..size].to_vec(),
        Pooling::Mean => {
            let mut sums = vec![0.0; size];
            rows.chunks_exact(size).for_each(|row| add(&mut sums, row));
            let count = (rows.len() / size) as f32;
            sums.into_iter().map(|sum| sum / count).collect()
        }
    }
}

impl Layer {
    fn read(
        file: &mut TensorFile,
        number: usize,
        config: &BertConfig,
    ) -> Result<Self, EncoderError> {
        let (size, wide) = (config.hidden_size, config.intermediate_size);
        let name = |part: &str| format!("encoder.layer.{number}.{part}");
        let mut linear = |part, inputs, outputs| Linear::read(file, &name(part), inputs, outputs);
        let query = linear("attention.self.query", size, size)?;
        let key = linear("attention.self.key", size, size)?;
        let value = linear("attention.self.value", size, size)?;
        let attended = linear("attention.output.dense", size, size)?;
        let widen = linear("intermediate.dense", size, wide)?;
        let narrow = linear("output.dense", wide, size)?;
        let mut norm = |part| LayerNorm::read(file, &name(part), size, config.layer_norm_eps);
        let attention_norm = norm("attention.output.LayerNorm")?;
        let norm = norm("output.LayerNorm")?;
        Ok(Self { query, key, value, attended, attention_norm, widen, narrow, norm })
    }

    fn apply(&self, rows: &mut Vec<f32>, texts: &[&[u32]], heads: usize) {
        let mut attended = self.attended.apply(&self.attend(rows, texts, heads));
        add(&mut attended, rows);
        self.attention_norm.apply(&mut attended);
        let mut wide = self.widen.apply(&attended);
        gelu(&mut wide);
        *rows = self.narrow.apply(&wide);
        add(rows, &attended);
        self.norm.apply(rows);
    }

    /// Each piece looks at the pieces of its own text.
    fn attend(&self, rows: &[f32], texts: &[&[u32]], heads: usize) -> Vec<f32> {
        let count = texts.iter().map(|text| text.len()).sum::<usize>();
        let size = rows.len() / count;
        let table = |values| {
            Array2::from_shape_vec((count, size), values).expect("a linear map keeps the rows")
        };
        let (query, key) = (table(self.query.apply(rows)), table(self.key.apply(rows)));
        let value = table(self.value.apply(rows));
        let mut mixed = Array2::<f32>::zeros((count, size));
        let width = size / heads;
        let mut start = 0;
        for text in texts {
            let places = start..start + text.len();
            start = places.end;
            for head in 0..heads {
                let columns = head * width..(head + 1) * width;
                let [query, key, value] = [&query, &key, &value].map(|table| {
                    let mut part = table.view();
                    part.slice_axis_inplace(Axis(0), Slice::from(places.clone()));
                    part.slice_axis_inplace(Axis(1), Slice::from(columns.clone()));
                    part
                });
                let mut mixed = mixed.view_mut();
                mixed.slice_axis_inplace(Axis(0), Slice::from(places.clone()));
                mixed.slice_axis_inplace(Axis(1), Slice::from(columns));
                let shares = shares(query, key);
                general_mat_mul(1.0, &shares, &value, 0.0, &mut mixed);
            }
        }
        mixed.into_raw_vec_and_offset().0
    }
}

/// How much each piece looks at each.
fn shares(query: ArrayView2<'_, f32>, key: ArrayView2<'_, f32>) -> Array2<f32> {
    let (count, width) = query.dim();
    let mut shares = Array2::zeros((count, count));
    general_mat_mul(1.0 / (width as f32).sqrt(), &query, &key.t(), 0.0, &mut shares);
    for mut row in shares.rows_mut() {
        softmax(row.as_slice_mut().expect("a new table is in order"));
    }
    shares
}
