//! Messages of the bot as Discord's JSON: private unless stated otherwise, without pings.

use serde_json::{Value, json};

use crate::discord::interactions::payload::custom_id::CustomId;

/// A message of the bot.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Reply {
    pub(crate) text: String,
    pub(crate) rows: Vec<ActionRow>,
    /// A file to attach, with its name. JSON only.
    pub(crate) file: Option<(String, Vec<u8>)>,
}

/// A row of controls under a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ActionRow {
    Buttons(Vec<Button>),
    Menu { custom_id: CustomId, hint: &'static str, choices: Vec<SelectOption> },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Button {
    pub(crate) custom_id: CustomId,
    pub(crate) label: &'static str,
    pub(crate) look: ButtonStyle,
}

/// The button styles in use, by Discord's numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ButtonStyle {
    Grey = 2,
    Green = 3,
    Red = 4,
}

/// An option of a menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SelectOption {
    pub(crate) value: String,
    /// 100 UTF-16 units at most, like the note.
    pub(crate) label: String,
    pub(crate) note: String,
}

/// Discord's limit on a message. It counts characters; UTF-16 units are never fewer.
pub(crate) const LONGEST: usize = 2_000;
/// Discord's limit on the options of a menu and on the choices offered while typing.
pub(crate) const MOST_CHOICES: usize = 25;
/// Discord's limit on a label, a choice's name and a choice's value.
pub(crate) const LABEL: usize = 100;

const SUPPRESS_EMBEDS: u64 = 1 << 2;
const EPHEMERAL: u64 = 1 << 6;
const SUPPRESS_NOTIFICATIONS: u64 = 1 << 12;

impl Reply {
    pub(crate) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    pub(crate) fn buttons(mut self, buttons: Vec<Button>) -> Self {
        if !buttons.is_empty() {
            self.rows.push(ActionRow::Buttons(buttons));
        }
        self
    }

    /// Visible to one person only.
    pub(crate) fn ephemeral(&self) -> Value {
        self.body(EPHEMERAL | SUPPRESS_EMBEDS)
    }

    /// In place of an existing message, with the same visibility.
    pub(crate) fn in_place(&self) -> Value {
        self.body(SUPPRESS_EMBEDS)
    }

    /// Visible to everybody, without a notification.
    pub(crate) fn public(&self) -> Value {
        self.body(SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS)
    }

    fn body(&self, flags: u64) -> Value {
        let mut body = json!({
            "content": super::escape::cut(&self.text, LONGEST),
            "components": self.rows.iter().map(ActionRow::json).collect::<Vec<_>>(),
            "allowed_mentions": {"parse": []},
            "flags": flags,
        });
        if let Some((name, _)) = &self.file {
            body["attachments"] = json!([{"id": "0", "filename": name}]);
        }
        body
    }
}

impl ActionRow {
    fn json(&self) -> Value {
        let controls = match self {
            Self::Buttons(buttons) => buttons.iter().map(Button::json).collect::<Vec<_>>(),
            Self::Menu { custom_id, hint, choices } => vec![json!({
                "type": 3,
                "custom_id": custom_id.to_string(),
                "placeholder": hint,
                "min_values": 1,
                "max_values": 1,
                "options": choices.iter().take(MOST_CHOICES).map(SelectOption::json).collect::<Vec<_>>(),
            })],
        };
        json!({"type": 1, "components": controls})
    }
}

impl Button {
    pub(crate) fn new(custom_id: CustomId, label: &'static str, look: ButtonStyle) -> Self {
        Self { custom_id, label, look }
    }

    fn json(&self) -> Value {
        json!({
            "type": 2,
            "style": self.look as u8,
            "label": self.label,
            "custom_id": self.custom_id.to_string(),
        })
    }
}

impl SelectOption {
    fn json(&self) -> Value {
        json!({"label": self.label, "value": self.value, "description": self.note})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_pings_nobody_and_fits() {
        let reply = Reply::new("@everyone ".repeat(400));
        for body in [reply.ephemeral(), reply.in_place(), reply.public()] {
            assert_eq!(body["allowed_mentions"], json!({"parse": []}));
            assert!(body["content"].as_str().unwrap().len() <= LONGEST + '…'.len_utf8());
        }
        assert_eq!(reply.ephemeral()["flags"], 68);
        assert_eq!(reply.public()["flags"], 4_100);
    }

    #[test]
    fn a_button_carries_its_press() {
        let reply = Reply::new("Sure?").buttons(vec![Button::new(
            CustomId::Forget,
            "Yes",
            ButtonStyle::Red,
        )]);
        assert_eq!(
            reply.ephemeral()["components"],
            json!([{"type": 1, "components": [
                {"type": 2, "style": 4, "label": "Yes", "custom_id": "harvest:forget"},
            ]}])
        );
    }
}
