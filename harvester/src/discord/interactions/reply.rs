//! What the bot says, as Discord wants it told: to one person unless said otherwise, pinging nobody.

use serde_json::{Value, json};

use super::press::CustomId;

/// A message of ours.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Reply {
    pub(super) text: String,
    pub(super) rows: Vec<ActionRow>,
    /// A file to attach, with its name. JSON only.
    pub(super) file: Option<(String, Vec<u8>)>,
}

/// A line of controls under a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ActionRow {
    Buttons(Vec<Button>),
    Menu { press: CustomId, hint: &'static str, choices: Vec<SelectOption> },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Button {
    pub(super) press: CustomId,
    pub(super) label: &'static str,
    pub(super) look: ButtonStyle,
}

/// Discord's button styles that we use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ButtonStyle {
    Grey = 2,
    Green = 3,
    Red = 4,
}

/// An option of a menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SelectOption {
    pub(super) value: String,
    /// 100 UTF-16 units at most, like the note.
    pub(super) label: String,
    pub(super) note: String,
}

/// Discord's limit on a message. It counts characters; UTF-16 units are never fewer.
pub(super) const LONGEST: usize = 2_000;
/// Discord's limit on the options of a menu and on the choices offered while typing.
pub(super) const MOST_CHOICES: usize = 25;
/// Discord's limit on a label, a choice's name and a choice's value.
pub(super) const LABEL: usize = 100;

const SUPPRESS_EMBEDS: u64 = 1 << 2;
const EPHEMERAL: u64 = 1 << 6;
const SUPPRESS_NOTIFICATIONS: u64 = 1 << 12;

impl Reply {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    pub(super) fn buttons(mut self, buttons: Vec<Button>) -> Self {
        if !buttons.is_empty() {
            self.rows.push(ActionRow::Buttons(buttons));
        }
        self
    }

    /// For the eyes of one person.
    pub(super) fn ephemeral(&self) -> Value {
        self.body(EPHEMERAL | SUPPRESS_EMBEDS)
    }

    /// In place of what stands there, whoever sees that.
    pub(super) fn in_place(&self) -> Value {
        self.body(SUPPRESS_EMBEDS)
    }

    /// For everybody, without a sound.
    pub(super) fn public(&self) -> Value {
        self.body(SUPPRESS_EMBEDS | SUPPRESS_NOTIFICATIONS)
    }

    fn body(&self, flags: u64) -> Value {
        let mut body = json!({
            "content": super::plain::cut(&self.text, LONGEST),
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
            Self::Menu { press, hint, choices } => vec![json!({
                "type": 3,
                "custom_id": press.to_string(),
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
    pub(super) fn new(press: CustomId, label: &'static str, look: ButtonStyle) -> Self {
        Self { press, label, look }
    }

    fn json(&self) -> Value {
        json!({
            "type": 2,
            "style": self.look as u8,
            "label": self.label,
            "custom_id": self.press.to_string(),
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
