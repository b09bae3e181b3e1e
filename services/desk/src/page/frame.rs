//! What stands around the content of every signed page: whose it is, and who sends the leads.

/// Whose page it is.
#[derive(Debug, Clone)]
pub struct Frame {
    /// The firm that runs this installation; empty where it has no name.
    pub firm: String,
    /// The client's name.
    pub client: String,
}

impl Frame {
    /// The last line of a page.
    pub fn footer(&self) -> String {
        let by = if self.firm.is_empty() {
            String::new()
        } else {
            format!("{} sends leads to {}. ", self.firm, self.client)
        };
        format!("{by}This link is yours: whoever has it sees what you see.")
    }
}
