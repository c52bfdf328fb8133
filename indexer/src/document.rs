//! What the index holds of one cluster.

use rules::cluster::ClusterState;
use rules::ids::{ChannelId, ClusterId, Millis};

/// One searchable cluster: a recurring question, or one resolved conversation on its own.
#[derive(Clone, PartialEq)]
pub struct Document {
    pub cluster: ClusterId,
    pub state: ClusterState,
    /// The best-phrased question.
    pub title: String,
    /// Every way the question was asked, the title included.
    pub questions: Vec<String>,
    /// Every answer that counts, best first.
    pub answers: Vec<String>,
    pub channels: Vec<(ChannelId, String)>,
    pub occurrences: u32,
    pub last_confirmed: Millis,
}
