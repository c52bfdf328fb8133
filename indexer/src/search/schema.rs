//! The fields of the index, and how a document fills them.

use std::ops::Range;

use rules::model::cluster::ClusterState;
use rules::model::ids::ClusterId;
use sha2::{Digest, Sha256};
use tantivy::TantivyDocument;
use tantivy::schema::{
    FAST, Field, IndexRecordOption, STRING, Schema, TextFieldIndexing, TextOptions,
};

use crate::search::document::{ClusterDocument, SearchAudience};
use crate::search::tokenize;

/// Grows whenever the same document would be indexed otherwise: another tokenizer, other contents of a field.
const VERSION: u32 = 3;

/// Names of the fast fields, which are read by name.
pub(crate) const CLUSTER: &str = "cluster";
pub(crate) const ORDER: &str = "order";
pub(crate) const KNOWN: &str = "known";
pub(crate) const CHANNEL: &str = "channel";
pub(crate) const GUILD: &str = "guild";
pub(crate) const OCCURRENCES: &str = "occurrences";
pub(crate) const LAST_CONFIRMED: &str = "last_confirmed";
pub(crate) const VARIANTS: &str = "variants";
pub(crate) const MEANINGS: &str = "meanings";

/// The fast field that says whether an audience finds a document.
pub(crate) fn audience_field(audience: SearchAudience) -> &'static str {
    match audience {
        SearchAudience::Public => "public",
        SearchAudience::Operator => "operator",
    }
}

/// The fields. No text that people wrote is stored: the index gives ids back, and the store has the words.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SchemaFields {
    /// The key: deletions and hits name it.
    pub(crate) cluster: Field,
    /// Sorts as the cluster's id does, which is cheaper to compare.
    pub(crate) order: Field,
    pub(crate) known: Field,
    pub(crate) channel: Field,
    pub(crate) guild: Field,
    pub(crate) occurrences: Field,
    pub(crate) last_confirmed: Field,
    pub(crate) public: Field,
    pub(crate) operator: Field,
    /// How many ways of asking `questions` holds.
    pub(crate) variants: Field,
    /// Vectors of its questions and answers, each after the tag of its model.
    pub(crate) meanings: Field,
    /// Questions and answers of documents that everybody finds, then of those that the operator alone finds. A
    /// field has a dictionary of its own, so that words which may not be quoted show in nothing that is
    /// computed from the others.
    pub(crate) texts: [Field; 4],
}

/// The fields of `texts` that hold what an audience finds.
pub(crate) fn searched_texts(audience: SearchAudience) -> Range<usize> {
    match audience {
        SearchAudience::Public => 0..2,
        SearchAudience::Operator => 0..4,
    }
}

/// Whether a field of `texts` holds answers, and not questions.
pub(crate) fn is_answers(text: usize) -> bool {
    text % 2 == 1
}

pub(crate) fn schema() -> (Schema, SchemaFields) {
    let mut schema = Schema::builder();
    let fields = SchemaFields {
        cluster: schema.add_text_field(CLUSTER, STRING | FAST),
        order: schema.add_u64_field(ORDER, FAST),
        known: schema.add_bool_field(KNOWN, FAST),
        channel: schema.add_u64_field(CHANNEL, FAST),
        guild: schema.add_u64_field(GUILD, FAST),
        occurrences: schema.add_u64_field(OCCURRENCES, FAST),
        last_confirmed: schema.add_i64_field(LAST_CONFIRMED, FAST),
        public: schema.add_bool_field(audience_field(SearchAudience::Public), FAST),
        operator: schema.add_bool_field(audience_field(SearchAudience::Operator), FAST),
        variants: schema.add_u64_field(VARIANTS, FAST),
        meanings: schema.add_bytes_field(MEANINGS, FAST),
        texts: ["questions", "answers", "hidden_questions", "hidden_answers"]
            .map(|name| schema.add_text_field(name, text())),
    };
    (schema.build(), fields)
}

fn text() -> TextOptions {
    TextOptions::default().set_indexing_options(
        TextFieldIndexing::default()
            .set_tokenizer(tokenize::TEXT)
            .set_index_option(IndexRecordOption::WithFreqs)
            .set_fieldnorms(true),
    )
}

/// Names the schema with its version: an index that carries another mark must be built again.
pub(crate) fn mark() -> String {
    let (schema, _) = schema();
    let fields = serde_json::to_string(&schema).expect("a schema is plain data");
    let hash = Sha256::digest(fields.as_bytes());
    let hex = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("{VERSION}-{hex}")
}

pub(crate) fn make_document(fields: &SchemaFields, document: &ClusterDocument) -> TantivyDocument {
    let SchemaFields {
        cluster,
        order,
        known,
        channel,
        guild,
        occurrences,
        last_confirmed,
        public,
        operator,
        variants,
        meanings,
        texts,
    } = *fields;
    let ClusterDocument {
        cluster: id,
        state,
        title,
        questions: asked,
        answers: answered,
        channels,
        guilds,
        occurrences: count,
        last_confirmed: confirmed,
        audiences,
        meanings: vectors,
    } = document;
    let mut made = TantivyDocument::new();
    made.add_text(cluster, id.as_str());
    made.add_u64(order, order_of(id));
    made.add_bool(known, *state == ClusterState::Merged);
    for (id, _name) in channels {
        made.add_u64(channel, id.0);
    }
    for id in guilds {
        made.add_u64(guild, id.0);
    }
    made.add_u64(occurrences, u64::from(*count));
    made.add_i64(last_confirmed, confirmed.as_millisecond());
    let is_public = audiences.contains(&SearchAudience::Public);
    made.add_bool(public, is_public);
    made.add_bool(operator, audiences.contains(&SearchAudience::Operator));
    let title_alone = (!asked.contains(title)).then_some(title);
    let ways = title_alone
        .into_iter()
        .chain(asked)
        .filter(|way| !way.trim().is_empty())
        .collect::<Vec<_>>();
    made.add_u64(variants, ways.len() as u64);
    for vector in vectors {
        made.add_bytes(meanings, vector);
    }
    let [shown_questions, shown_answers, hidden_questions, hidden_answers] = texts;
    let (questions, answers) = if is_public {
        (shown_questions, shown_answers)
    } else {
        (hidden_questions, hidden_answers)
    };
    for way in &ways {
        made.add_text(questions, way);
    }
    for answer in answered {
        made.add_text(answers, answer);
    }
    made
}

/// The first twelve letters and digits of an id, packed so that they sort as text does.
fn order_of(cluster: &ClusterId) -> u64 {
    let letters = cluster.as_str().chars().skip(1).chain(std::iter::repeat(' '));
    letters.take(12).fold(0, |packed, letter| {
        packed * 37 + letter.to_digit(36).map_or(0, |digit| u64::from(digit) + 1)
    })
}

#[cfg(test)]
mod tests {
    use rules::model::ids::MessageId;

    use super::*;

    #[test]
    fn packed_ids_sort_as_ids_do() {
        let mut ids = [1, 35, 36, 1_295, 1_296, 70_000, 1 << 40, 1 << 60, (1 << 60) + 1]
            .map(|number| ClusterId::of_question(MessageId(number)));
        ids.sort();
        assert!(ids.is_sorted_by_key(order_of));
    }

    #[test]
    fn nothing_that_people_wrote_is_stored() {
        let (schema, _) = schema();
        assert!(schema.fields().all(|(_, entry)| !entry.is_stored()));
    }

    #[test]
    fn the_mark_names_version_and_fields() {
        assert_eq!(mark(), mark());
        assert!(mark().starts_with(&format!("{VERSION}-")));
    }
}
