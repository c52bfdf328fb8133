//! Requests to Discord that answer interactions. Nothing is decided here.

use std::time::Duration;

use rules::model::ids::{ChannelId, GuildId, MessageId};
use serde_json::{Value, json};

use crate::discord::interactions::decide::routing::AckKind;
use crate::discord::interactions::error::InteractionError;
use crate::discord::interactions::payload::custom_id::TagId;
use crate::discord::interactions::payload::interaction::{ApplicationId, Interaction};
use crate::discord::interactions::text::reply::Reply;
use crate::discord::rest::{RestClient, RestError, RestMethod};

/// The requests that answer interactions.
#[derive(Clone)]
pub(crate) struct InteractionApi {
    rest: RestClient,
    application: ApplicationId,
}

/// ✅, percent-encoded.
const CHECK: &str = "%E2%9C%85";
/// Discord's error code for an interaction that is already acknowledged.
const ACKNOWLEDGED: u64 = 40_060;
/// Discord takes the first response to an interaction for three seconds, and then shows the user that
/// the bot did not respond. [Discord: Receiving and Responding, Interaction Callback]
const RESPONSE_WINDOW: Duration = Duration::from_secs(3);
/// Discord's type numbers of interaction responses.
const MESSAGE: u8 = 4;
const MESSAGE_LATER: u8 = 5;
const CHANGE_LATER: u8 = 6;
const CHOICES: u8 = 8;
const EPHEMERAL: u64 = 1 << 6;

impl InteractionApi {
    pub(crate) fn new(rest: RestClient, application: ApplicationId) -> Self {
        Self { rest, application }
    }

    pub(crate) async fn respond_choices(
        &self,
        to: &Interaction,
        choices: Value,
    ) -> Result<(), InteractionError> {
        self.call_back(to, json!({"type": CHOICES, "data": {"choices": choices}})).await
    }

    pub(crate) async fn respond(
        &self,
        to: &Interaction,
        reply: &Reply,
    ) -> Result<(), InteractionError> {
        self.call_back(to, json!({"type": MESSAGE, "data": reply.ephemeral()})).await
    }

    pub(crate) async fn acknowledge(
        &self,
        to: &Interaction,
        ack: AckKind,
    ) -> Result<(), InteractionError> {
        let body = match ack {
            AckKind::Fill => json!({"type": MESSAGE_LATER, "data": {"flags": EPHEMERAL}}),
            AckKind::Change => json!({"type": CHANGE_LATER}),
        };
        self.call_back(to, body).await
    }

    async fn call_back(&self, to: &Interaction, body: Value) -> Result<(), InteractionError> {
        let path = format!("/interactions/{}/{}/callback", to.id.0, to.token.as_str());
        match self.rest.send_within(RESPONSE_WINDOW, RestMethod::Post, &path, Some(&body)).await {
            // An earlier attempt succeeded, but its response was lost.
            Err(RestError::Refused { code: ACKNOWLEDGED, .. }) | Ok(_) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Fills in the acknowledgement, or changes the message whose button was pressed.
    pub(crate) async fn edit_response(
        &self,
        to: &Interaction,
        reply: &Reply,
    ) -> Result<(), InteractionError> {
        let path = format!("{}/messages/@original", self.webhook(to));
        self.deliver(RestMethod::Patch, &path, reply.in_place(), reply).await
    }

    /// Removes the buttons from the message whose button was pressed.
    pub(crate) async fn remove_buttons(&self, to: &Interaction) -> Result<(), InteractionError> {
        let path = format!("{}/messages/@original", self.webhook(to));
        self.rest.send(RestMethod::Patch, &path, Some(&json!({"components": []}))).await?;
        Ok(())
    }

    /// A further message, visible to this user only.
    pub(crate) async fn follow_up_private(
        &self,
        to: &Interaction,
        reply: &Reply,
    ) -> Result<(), InteractionError> {
        self.deliver(RestMethod::Post, &self.webhook(to), reply.ephemeral(), reply).await
    }

    /// A further message, visible to everybody.
    pub(crate) async fn follow_up_public(
        &self,
        to: &Interaction,
        reply: &Reply,
    ) -> Result<(), InteractionError> {
        self.deliver(RestMethod::Post, &self.webhook(to), reply.public(), reply).await
    }

    fn webhook(&self, to: &Interaction) -> String {
        format!("/webhooks/{}/{}", self.application.0, to.token.as_str())
    }

    async fn deliver(
        &self,
        method: RestMethod,
        path: &str,
        body: Value,
        reply: &Reply,
    ) -> Result<(), InteractionError> {
        match &reply.file {
            None => self.rest.send(method, path, Some(&body)).await?,
            Some((name, bytes)) => {
                let MultipartForm { content_type, body } = form(&body, name, bytes);
                self.rest.send_form(method, path, &content_type, body).await?
            }
        };
        Ok(())
    }

    /// A reply to a question without a notification; returns its id.
    pub(crate) async fn reply_to(
        &self,
        channel: ChannelId,
        question: MessageId,
        reply: &Reply,
    ) -> Result<Option<MessageId>, InteractionError> {
        let mut body = reply.public();
        body["message_reference"] = json!({"message_id": question, "fail_if_not_exists": true});
        // With a nonce, a repeated request posts only once.
        body["nonce"] = question.to_string().into();
        body["enforce_nonce"] = true.into();
        let path = format!("/channels/{channel}/messages");
        let posted = self.rest.send(RestMethod::Post, &path, Some(&body)).await?;
        Ok(crate::discord::interactions::payload::interaction::number(&posted["id"]).map(MessageId))
    }

    /// Sets or removes the bot's ✅ under a message.
    pub(crate) async fn set_check_reaction(
        &self,
        channel: ChannelId,
        message: MessageId,
        stands: bool,
    ) -> Result<(), InteractionError> {
        let method = if stands { RestMethod::Put } else { RestMethod::Delete };
        let path = format!("/channels/{channel}/messages/{message}/reactions/{CHECK}/@me");
        self.rest.send(method, &path, None).await?;
        Ok(())
    }

    pub(crate) async fn channel(&self, channel: ChannelId) -> Result<Value, InteractionError> {
        Ok(self.rest.send(RestMethod::Get, &format!("/channels/{channel}"), None).await?)
    }

    pub(crate) async fn message(
        &self,
        channel: ChannelId,
        message: MessageId,
    ) -> Result<Value, InteractionError> {
        let path = format!("/channels/{channel}/messages/{message}");
        Ok(self.rest.send(RestMethod::Get, &path, None).await?)
    }

    pub(crate) async fn roles(&self, guild: GuildId) -> Result<Value, InteractionError> {
        Ok(self.rest.send(RestMethod::Get, &format!("/guilds/{guild}/roles"), None).await?)
    }

    /// Archives or unarchives a thread.
    pub(crate) async fn archive(
        &self,
        thread: ChannelId,
        archived: bool,
    ) -> Result<(), InteractionError> {
        self.change(thread, json!({"archived": archived})).await
    }

    pub(crate) async fn tag(
        &self,
        thread: ChannelId,
        applied: &[TagId],
    ) -> Result<(), InteractionError> {
        let applied = applied.iter().map(|tag| tag.0.to_string()).collect::<Vec<_>>();
        self.change(thread, json!({"applied_tags": applied})).await
    }

    async fn change(&self, thread: ChannelId, body: Value) -> Result<(), InteractionError> {
        self.rest.send(RestMethod::Patch, &format!("/channels/{thread}"), Some(&body)).await?;
        Ok(())
    }

    pub(crate) async fn commands(&self, guild: GuildId) -> Result<Value, InteractionError> {
        let path = format!("{}?with_localizations=true", self.commands_of(guild));
        Ok(self.rest.send(RestMethod::Get, &path, None).await?)
    }

    pub(crate) async fn set_commands(
        &self,
        guild: GuildId,
        commands: &Value,
    ) -> Result<(), InteractionError> {
        self.rest.send(RestMethod::Put, &self.commands_of(guild), Some(commands)).await?;
        Ok(())
    }

    fn commands_of(&self, guild: GuildId) -> String {
        format!("/applications/{}/guilds/{guild}/commands", self.application.0)
    }
}

/// A message with a file, as `multipart/form-data`.
struct MultipartForm {
    content_type: String,
    body: Vec<u8>,
}

fn form(message: &Value, name: &str, bytes: &[u8]) -> MultipartForm {
    let message = message.to_string();
    let boundary = boundary(&[message.as_bytes(), bytes]);
    let mut body = Vec::with_capacity(bytes.len() + message.len() + 512);
    let head = |what: &str, kind: &str| {
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; {what}\r\nContent-Type: {kind}\r\n\r\n"
        )
    };
    body.extend(head("name=\"payload_json\"", "application/json").as_bytes());
    body.extend(message.as_bytes());
    body.extend(b"\r\n");
    let file = format!("name=\"files[0]\"; filename=\"{name}\"");
    body.extend(head(&file, "application/json").as_bytes());
    body.extend(bytes);
    body.extend(format!("\r\n--{boundary}--\r\n").as_bytes());
    MultipartForm { content_type: format!("multipart/form-data; boundary={boundary}"), body }
}

/// A boundary that occurs in none of the parts.
fn boundary(parts: &[&[u8]]) -> String {
    let taken = |word: &String| {
        parts.iter().any(|part| part.windows(word.len()).any(|bytes| bytes == word.as_bytes()))
    };
    let mut words = (0_u64..).map(|number| format!("harvested-part-{number}"));
    words.find(|word| !taken(word)).expect("the parts are finite")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_holds_message_and_file_apart() {
        let file = b"{\"said\": \"harvested-part-0 harvested-part-1\"}";
        let MultipartForm { content_type, body } =
            form(&json!({"content": "x"}), "kept.json", file);
        assert_eq!(content_type, "multipart/form-data; boundary=harvested-part-2");
        let text = String::from_utf8(body).unwrap();
        let parts = text.split("--harvested-part-2").collect::<Vec<_>>();
        assert_eq!(parts.len(), 4, "{text}");
        assert!(parts[1].ends_with("\r\n\r\n{\"content\":\"x\"}\r\n"));
        assert!(parts[2].contains("name=\"files[0]\"; filename=\"kept.json\""));
        assert!(parts[2].ends_with(&format!("\r\n\r\n{}\r\n", String::from_utf8_lossy(file))));
        assert_eq!(parts[3], "--\r\n");
    }
}
