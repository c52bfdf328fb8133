//! Invented questions that several people ask in their own words, and the answer each of them gets.

/// Four wordings of one question, and its answer.
pub type RecurringQuestion = ([&'static str; 4], &'static str);

/// Questions, each of which three people asked, with the answer that each of them got.
pub const QUESTIONS: [RecurringQuestion; 6] = [
    (
        [
            "How do I reset the vector index after changing the embedding model?",
            "How can I reset the vector index after I change the embedding model?",
            "How do I reset the vector index when the embedding model changes?",
            "How do I reset the vector index after switching the embedding model?",
        ],
        "Delete the folder `data/index` and restart the agent; it builds the index again.",
    ),
    (
        [
            "How do I renew the TLS certificate of the gateway?",
            "How can I renew the TLS certificate of the gateway?",
            "How do I renew the gateway TLS certificate?",
            "How do we renew the TLS certificate of the gateway?",
        ],
        "Run `gatectl cert renew` on the gateway host; it reloads by itself within a minute.",
    ),
    (
        [
            "How do I export my billing invoices as CSV?",
            "How can I export my billing invoices as CSV?",
            "How do I export billing invoices to CSV?",
            "How do we export our billing invoices as CSV?",
        ],
        "Open Billing, choose the year, and press the arrow beside Invoices; it offers CSV.",
    ),
    (
        [
            "How do I mute push notifications on the phone at night?",
            "How can I mute push notifications on my phone at night?",
            "How do I mute the push notifications on the phone during the night?",
            "How do we mute push notifications on the phone at night?",
        ],
        "Set quiet hours under Profile, Notifications; from then on the phone stays silent.",
    ),
    (
        [
            "How do I move a workspace to another region?",
            "How can I move a workspace to another region?",
            "How do I move my workspace to another region?",
            "How do we move a workspace to another region?",
        ],
        "Export it with `wsp dump`, create one in the other region, and load it with `wsp load`.",
    ),
    (
        [
            "How do I raise the memory limit of a worker?",
            "How can I raise the memory limit of a worker?",
            "How do I raise the memory limit for a worker?",
            "How do we raise the memory limit of a worker?",
        ],
        "Put `worker.memory: 4G` into `fleet.yml` and roll the workers with `fleet roll`.",
    ),
];
