pub(crate) mod answers;
pub(crate) mod forum;
pub(crate) mod marking;
pub(crate) mod operating;
pub(crate) mod permissions;
pub(crate) mod routing;
pub(crate) mod same_question;
pub(crate) mod suggestions;
