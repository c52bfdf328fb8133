//! The languages of the bot.

use site::presentation::language::InterfaceLanguage;

/// Chosen by the reader's locale, or by the script of the message that is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BotLanguage {
    English,
    Korean,
}

impl BotLanguage {
    /// By Discord's locale: Korean for `ko`, English for all others.
    pub(crate) fn of_locale(locale: &str) -> Self {
        if locale == "ko" { Self::Korean } else { Self::English }
    }

    /// By the letters of a text.
    pub(crate) fn of_text(text: &str) -> Self {
        let is_hangul = |c: char| matches!(c, '가'..='힣' | 'ㄱ'..='ㆎ');
        if text.chars().any(is_hangul) { Self::Korean } else { Self::English }
    }

    /// The site's language of the same name.
    pub(crate) fn of_interface(self) -> InterfaceLanguage {
        self.pick(InterfaceLanguage::English, InterfaceLanguage::Korean)
    }

    pub(crate) fn pick<T>(self, english: T, korean: T) -> T {
        match self {
            Self::English => english,
            Self::Korean => korean,
        }
    }
}
