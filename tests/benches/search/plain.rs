//! The baseline: one text field, the simple tokenizer, and Tantivy's query parser, whose words are alternatives.

use std::path::Path;

use tantivy::collector::TopDocs;
use tantivy::query::QueryParser;
use tantivy::schema::{FAST, IndexRecordOption, Schema, TextFieldIndexing, TextOptions};
use tantivy::tokenizer::{LowerCaser, SimpleTokenizer, TextAnalyzer};
use tantivy::{Index, IndexReader, TantivyDocument};

use crate::talk::WrittenAnswer;

const SIMPLE: &str = "simple";
/// As much as the program's own writer has.
const ARENA: usize = 30_000_000;

pub(crate) struct PlainIndex {
    reader: IndexReader,
    parser: QueryParser,
}

impl PlainIndex {
    pub(crate) fn build(
        directory: &Path,
        answers: impl Iterator<Item = WrittenAnswer>,
    ) -> anyhow::Result<Self> {
        std::fs::create_dir_all(directory)?;
        let mut schema = Schema::builder();
        let number = schema.add_u64_field("number", FAST);
        let indexing = TextFieldIndexing::default()
            .set_tokenizer(SIMPLE)
            .set_index_option(IndexRecordOption::WithFreqs);
        let text =
            schema.add_text_field("text", TextOptions::default().set_indexing_options(indexing));
        let index = Index::create_in_dir(directory, schema.build())?;
        let analyzer = TextAnalyzer::builder(SimpleTokenizer::default()).filter(LowerCaser);
        index.tokenizers().register(SIMPLE, analyzer.build());
        let mut writer = index.writer_with_num_threads::<TantivyDocument>(1, ARENA)?;
        for (at, answer) in (0..).zip(answers) {
            let mut document = TantivyDocument::new();
            document.add_u64(number, at);
            document.add_text(text, format!("{}\n{}", answer.question, answer.answer));
            writer.add_document(document)?;
        }
        writer.commit()?;
        writer.wait_merging_threads()?;
        let parser = QueryParser::for_index(&index, vec![text]);
        Ok(Self { reader: index.reader()?, parser })
    }

    pub(crate) fn search(&self, text: &str) -> anyhow::Result<usize> {
        let (query, _) = self.parser.parse_query_lenient(text);
        let found =
            self.reader.searcher().search(&query, &TopDocs::with_limit(10).order_by_score())?;
        Ok(found.len())
    }
}
